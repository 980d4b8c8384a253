"""Scheduling in the console: looked at here, changed through the services. Booking is done on the site's pages."""

from sessions_app.admin.calendar import CalendarEntryAdmin, ReminderAdmin, SlotHoldAdmin
from sessions_app.admin.offers import (
    AvailabilityExceptionAdmin,
    AvailabilityRuleAdmin,
    BookingRulesAdmin,
    NoticePolicyAdmin,
    SessionTypeAdmin,
)
from sessions_app.admin.rooms import RoomAdmin
from sessions_app.admin.series import SessionSeriesAdmin
from sessions_app.admin.sessions import SessionAdmin
from sessions_app.admin.waitlist import WaitlistEntryAdmin, WaitlistOfferAdmin

__all__ = [
    "AvailabilityExceptionAdmin",
    "AvailabilityRuleAdmin",
    "BookingRulesAdmin",
    "CalendarEntryAdmin",
    "NoticePolicyAdmin",
    "ReminderAdmin",
    "RoomAdmin",
    "SessionAdmin",
    "SessionSeriesAdmin",
    "SessionTypeAdmin",
    "SlotHoldAdmin",
    "WaitlistEntryAdmin",
    "WaitlistOfferAdmin",
]
