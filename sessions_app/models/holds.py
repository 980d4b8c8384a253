"""A time kept for one patient: for five minutes while they decide, or longer when it is offered to who waits."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Centre, CounselorProfile, PatientProfile, StaffCentre, User
from accounts.permissions import Action, Scope, scope_for
from sessions_app.models.calendar import CalendarEntry
from sessions_app.models.sessions import Session
from sessions_app.models.types import Mode, SessionType

HOLD_LENGTH = timedelta(minutes=5)
MAX_RENEWALS = 1


class SlotHoldQuerySet(models.QuerySet["SlotHold"]):
    def visible_to(self, user: User) -> Self:
        """The holds within reach of row “hold and book a session” of the table; a counselor's are those they placed."""
        if not user.is_authenticated:
            return self.none()
        match scope_for(user.role, Action.SESSION_BOOK):
            case Scope.ALL:
                return self.all()
            case Scope.CENTRE:
                return self.filter(centre__in=StaffCentre.objects.filter(user=user).values("centre"))
            case Scope.CARE:
                return self.filter(held_by=user.pk)
            case Scope.OWN:
                return self.filter(patient=user.pk)
        return self.none()

    def live(self) -> Self:
        return self.filter(is_live=True, entry__expires_at__gt=timezone.now())


class SlotHold(models.Model):
    """A new session's time, or a place in one that is there (`joins`): then the entry takes the patient's time alone.

    `is_live` is False once the hold was booked, dropped or swept; an expired one may still say True.

    `is_offer`: kept for somebody on the waitlist (WaitlistOffer), beside the one hold that a patient places.
    """

    entry = models.OneToOneField(
        CalendarEntry, on_delete=models.CASCADE, primary_key=True, related_name="hold"
    )
    patient = models.ForeignKey(PatientProfile, on_delete=models.CASCADE, related_name="holds")
    held_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    counselor = models.ForeignKey(CounselorProfile, on_delete=models.CASCADE, related_name="holds")
    session_type = models.ForeignKey(SessionType, on_delete=models.CASCADE, related_name="+")
    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="+")
    mode = models.CharField(max_length=10, choices=Mode)
    renewals = models.PositiveSmallIntegerField(default=0)
    is_live = models.BooleanField(default=True)
    is_offer = models.BooleanField(default=False, db_default=False)
    joins = models.ForeignKey(
        Session, on_delete=models.CASCADE, null=True, related_name="holds", db_index=False
    )
    session = models.ForeignKey(
        Session,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        help_text="What the hold became.",
    )

    objects = SlotHoldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(is_live=True, is_offer=False),
                name="one_live_hold_a_patient",
                violation_error_message="Another time is being held already.",
            ),
            models.CheckConstraint(condition=Q(renewals__lte=MAX_RENEWALS), name="hold_renewed_once_at_most"),
        ]
        indexes = [
            models.Index(fields=["session"], name="hold_of_session", condition=Q(session__isnull=False)),
            models.Index(
                fields=["joins"], name="hold_of_a_place", condition=Q(joins__isnull=False, is_live=True)
            ),
        ]

    def __str__(self) -> str:
        return f"hold {self.pk}"

    @property
    def renewals_left(self) -> int:
        return MAX_RENEWALS - self.renewals
