"""Counselling sessions and the calendar they stand in. One file a noun."""

from sessions_app.models.availability import AvailabilityRule, Weekday
from sessions_app.models.blocks import CalendarBlock
from sessions_app.models.booking_rules import BookingRules
from sessions_app.models.calendar import CalendarEntry, EntryKind, Occupancy
from sessions_app.models.exceptions import AvailabilityException, ExceptionKind
from sessions_app.models.feeds import CalendarFeed
from sessions_app.models.holds import HOLD_LENGTH, SlotHold
from sessions_app.models.hours_versions import EVERY_COUNSELOR, HoursVersion
from sessions_app.models.moves import SessionMove
from sessions_app.models.outside import OutsideBusy, OutsideCalendar
from sessions_app.models.policies import CancellationCharge, NoticePolicy
from sessions_app.models.ratings import SessionRating
from sessions_app.models.reminders import Reminder, ReminderKind, ReminderState
from sessions_app.models.rooms import Room
from sessions_app.models.series import Rhythm, SessionSeries
from sessions_app.models.sessions import (
    ALLOWED_TRANSITIONS,
    CORRECTIONS,
    OPEN_STATES,
    ParticipantStatus,
    Session,
    SessionParticipant,
    SessionStatus,
)
from sessions_app.models.suggestions import SuggestedTime
from sessions_app.models.types import Mode, PaymentPolicy, SessionKind, SessionType
from sessions_app.models.waitlist import OfferOutcome, Priority, WaitlistEntry, WaitlistOffer, WaitlistStatus

__all__ = [
    "ALLOWED_TRANSITIONS",
    "CORRECTIONS",
    "EVERY_COUNSELOR",
    "HOLD_LENGTH",
    "OPEN_STATES",
    "AvailabilityException",
    "AvailabilityRule",
    "BookingRules",
    "CalendarBlock",
    "CalendarEntry",
    "CalendarFeed",
    "CancellationCharge",
    "EntryKind",
    "ExceptionKind",
    "HoursVersion",
    "Mode",
    "NoticePolicy",
    "Occupancy",
    "OfferOutcome",
    "OutsideBusy",
    "OutsideCalendar",
    "ParticipantStatus",
    "PaymentPolicy",
    "Priority",
    "Reminder",
    "ReminderKind",
    "ReminderState",
    "Rhythm",
    "Room",
    "Session",
    "SessionKind",
    "SessionMove",
    "SessionParticipant",
    "SessionRating",
    "SessionSeries",
    "SessionStatus",
    "SessionType",
    "SlotHold",
    "SuggestedTime",
    "WaitlistEntry",
    "WaitlistOffer",
    "WaitlistStatus",
    "Weekday",
]
