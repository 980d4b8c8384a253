"""Which part of a counselor's availability somebody plans: all of it, or what belongs to their own centres."""

from dataclasses import dataclass
from uuid import UUID

from accounts.models import CounselorProfile, StaffCentre, User
from accounts.permissions import Action, Scope, scope_for
from sessions_app.models import AvailabilityException, AvailabilityRule

OF_ANOTHER_CENTRE = (
    "This belongs to another centre than yours. Leave it as it is, or ask the staff there or the counselor."
)


@dataclass(frozen=True, slots=True)
class Planner:
    """What has no centre (online hours, time away, booking rules) belongs to the counselor's primary centre."""

    counselor: CounselorProfile
    centre_ids: frozenset[UUID] | None
    """The centres planned for; None is all."""

    @classmethod
    def of(cls, user: User, counselor: CounselorProfile) -> "Planner":
        if scope_for(user.role, Action.AVAILABILITY_EDIT) is not Scope.CENTRE:
            return cls(counselor, None)
        own = StaffCentre.objects.filter(user=user).values_list("centre_id", flat=True)
        return cls(counselor, frozenset(own))

    @property
    def plans_for_all(self) -> bool:
        """Whether time away and booking rules are theirs to set."""
        return self.plans_at(None)

    def plans(self, row: AvailabilityRule | AvailabilityException) -> bool:
        return self.plans_at(row.centre_id)

    def plans_at(self, centre_id: UUID | None) -> bool:
        return self.centre_ids is None or (centre_id or self.counselor.primary_centre_id) in self.centre_ids
