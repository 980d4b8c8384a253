"""What a counselor's ratings come to. Those who keep ratings (sessions, later conversations) tell of each change."""

import uuid

from django.db.models import F

from accounts.models import CounselorProfile
from accounts.models.profiles import average_of


def count_rating(*, counselor_id: uuid.UUID, count: int, stars: int) -> None:
    """Add so many ratings and so many stars (both may be negative). Part of the caller's transaction.

    One statement, so that two at once both count.
    """
    new_count, new_sum = F("rating_count") + count, F("rating_sum") + stars
    CounselorProfile.objects.filter(pk=counselor_id).update(
        rating_count=new_count, rating_sum=new_sum, rating_average=average_of(new_sum, new_count)
    )
