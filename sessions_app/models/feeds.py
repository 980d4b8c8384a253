"""The private address from which a calendar program reads its owner's sessions."""

from django.db import models
from django.utils import timezone

from accounts.models import User


class CalendarFeed(models.Model):
    """One live address a person. The address itself is nowhere: only the SHA-256 of its token is kept."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="calendar_feed"
    )
    token_hash = models.BinaryField(max_length=32, unique=True)
    shows_names = models.BooleanField(
        default=False, help_text="Titles name the other person; otherwise they say “Appointment” only."
    )
    created_at = models.DateTimeField(default=timezone.now)
    last_read_at = models.DateTimeField(null=True, help_text="To the hour: when a program last asked.")

    def __str__(self) -> str:
        return f"calendar feed of {self.user_id}"
