"""What people are told about their sessions, and when.

Everyone who takes part is told: the patients and the counselor. The words are made when a message leaves, from the
session as it then is; what no longer applies is not sent.
"""

from uuid import UUID

from core import outbox
from notifications import registry
from notifications.services import notify
from sessions_app import mails
from sessions_app.models import (
    Session,
    SessionSeries,
    SessionStatus,
    WaitlistOffer,
)
from sessions_app.services.offers import offer_freed_place, offer_freed_time
from sessions_app.services.reminders import plan_reminders
from sessions_app.services.seats import active_participants
from sessions_app.services.waitlist import end_waiting_for_booked


def register() -> None:
    """Called once, when the apps are ready."""
    registry.register_type("session_confirmed", mails.render_confirmed)
    registry.register_type("session_cancelled", mails.render_cancelled)
    registry.register_type("session_rescheduled", mails.render_rescheduled)
    registry.register_type("session_reminder_day", mails.render_reminder)
    registry.register_type("session_reminder_hour", mails.render_reminder)
    registry.register_type("group_changed", mails.render_group_changed)
    registry.register_type("waitlist_offer", mails.render_offer)
    registry.register_type("series_booked", mails.render_series)
    registry.register_type("series_moved", mails.render_series_moved)
    registry.register_type("times_suggested", mails.render_suggested)
    outbox.register("session.confirmed", "sessions_app.plan_reminders", on_confirmed_plan_reminders)
    outbox.register("session.confirmed", "sessions_app.notify", on_confirmed_notify)
    outbox.register("session.confirmed", "sessions_app.end_waiting", on_confirmed_end_waiting)
    outbox.register("session.joined", "sessions_app.plan_reminders", on_joined_plan_reminders)
    outbox.register("session.joined", "sessions_app.notify", on_joined_notify)
    outbox.register("session.joined", "sessions_app.end_waiting", on_confirmed_end_waiting)
    outbox.register("session.left", "sessions_app.notify", on_left_notify)
    outbox.register("session.left", "sessions_app.offer_freed_place", on_left_offer_place)
    outbox.register("session.rescheduled", "sessions_app.plan_reminders", on_rescheduled_plan_reminders)
    outbox.register("session.rescheduled", "sessions_app.notify", on_rescheduled_notify)
    outbox.register("session.cancelled", "sessions_app.notify", on_cancelled_notify)
    outbox.register("session.cancelled", "sessions_app.offer_freed_time", on_cancelled_offer_time)
    outbox.register("series.booked", "sessions_app.notify", on_series_notify)
    outbox.register("series.moved", "sessions_app.notify", on_series_moved_notify)
    outbox.register("session.times_suggested", "sessions_app.notify", on_suggested_notify)
    outbox.register("time.freed", "sessions_app.offer_freed_time", on_time_freed)
    outbox.register("waitlist.offered", "sessions_app.notify", on_offered_notify)


# --- What is heard from the outbox. Each may run twice.


def on_confirmed_plan_reminders(payload: outbox.Payload) -> None:
    session = _session(payload)
    if session is not None and session.status == SessionStatus.CONFIRMED:
        plan_reminders(session=session, user_ids=everyone_in(session), now=session.created_at)


def on_confirmed_notify(payload: outbox.Payload) -> None:
    """One message a session; of a series, one for all of it (`series.booked`). Who joined it is told of that."""
    session = _session(payload)
    if session is not None and session.series_id is None:
        booked = [each.patient_id for each in session.taking_part if each.joined_at is None]
        notify(
            user_ids=[session.counselor_id, *booked],
            type_code="session_confirmed",
            about_id=session.pk,
            dedupe=str(session.pk),
        )


def on_joined_plan_reminders(payload: outbox.Payload) -> None:
    session, patient_id = _session(payload), UUID(str(payload["patient"]))
    if session is not None and session.status == SessionStatus.CONFIRMED:
        plan_reminders(session=session, user_ids=[patient_id])


def on_joined_notify(payload: outbox.Payload) -> None:
    _notify_about_one("session_confirmed", payload)


def on_left_notify(payload: outbox.Payload) -> None:
    _notify_about_one("session_cancelled", payload)


def on_left_offer_place(payload: outbox.Payload) -> None:
    offer_freed_place(session_id=UUID(str(payload["session"])))


def on_series_notify(payload: outbox.Payload) -> None:
    _notify_of_series("series_booked", payload, dedupe=str(payload["series"]))


def on_series_moved_notify(payload: outbox.Payload) -> None:
    """One message for all that moved at once."""
    _notify_of_series("series_moved", payload, dedupe=str(payload["move"]))


def _notify_of_series(type_code: str, payload: outbox.Payload, *, dedupe: str) -> None:
    series = SessionSeries.objects.filter(pk=UUID(str(payload["series"]))).first()
    if series is not None:
        people = [series.patient_id, series.counselor_id]
        notify(user_ids=people, type_code=type_code, about_id=series.pk, dedupe=dedupe)


def on_rescheduled_plan_reminders(payload: outbox.Payload) -> None:
    session = _session(payload)
    if session is not None and session.status == SessionStatus.CONFIRMED:
        plan_reminders(session=session, user_ids=everyone_in(session))


def on_rescheduled_notify(payload: outbox.Payload) -> None:
    """Once for each time that it moves to; of two moves that are heard late, the last is told.

    What moved with others of its series is told with them (`series.moved`).
    """
    session = _session(payload)
    if session is not None and "series" not in payload:
        _notify("session_rescheduled", session, dedupe=f"{session.pk}@{session.sequence}")


def on_suggested_notify(payload: outbox.Payload) -> None:
    """The patients, once for each time that somebody suggests."""
    session = _session(payload)
    if session is not None:
        patients = [participant.patient_id for participant in active_participants(session)]
        notify(
            user_ids=patients,
            type_code="times_suggested",
            about_id=session.pk,
            dedupe=str(payload["first"]),
        )


def on_cancelled_notify(payload: outbox.Payload) -> None:
    _notify_everyone("session_cancelled", payload)


def on_confirmed_end_waiting(payload: outbox.Payload) -> None:
    session = _session(payload)
    if session is not None:
        end_waiting_for_booked(session)


def on_cancelled_offer_time(payload: outbox.Payload) -> None:
    session = _session(payload)
    if session is not None:
        offer_freed_time(entry_id=session.entry_id)


def on_time_freed(payload: outbox.Payload) -> None:
    offer_freed_time(entry_id=UUID(str(payload["entry"])))


def on_offered_notify(payload: outbox.Payload) -> None:
    offer = WaitlistOffer.objects.filter(pk=UUID(str(payload["offer"]))).first()
    if offer is not None:
        notify(
            user_ids=[offer.patient_id],
            type_code="waitlist_offer",
            about_id=offer.pk,
            dedupe=str(offer.pk),
        )


def _notify_everyone(type_code: str, payload: outbox.Payload) -> None:
    session = _session(payload)
    if session is not None:
        _notify(type_code, session, dedupe=str(session.pk))


def _notify(type_code: str, session: Session, *, dedupe: str) -> None:
    notify(user_ids=everyone_in(session), type_code=type_code, about_id=session.pk, dedupe=dedupe)


def _notify_about_one(type_code: str, payload: outbox.Payload) -> None:
    """Who came or went is told what everybody who books or cancels is; the counselor how many they are now."""
    session, patient_id = _session(payload), UUID(str(payload["patient"]))
    if session is not None:
        # Each time that they come or go: the session's number grows when somebody goes.
        dedupe = f"{session.pk}/{patient_id}@{payload['sequence']}"
        notify(user_ids=[patient_id], type_code=type_code, about_id=session.pk, dedupe=dedupe)
        dedupe = f"{dedupe}/{type_code}"
        notify(user_ids=[session.counselor_id], type_code="group_changed", about_id=session.pk, dedupe=dedupe)


def everyone_in(session: Session) -> list[UUID]:
    """The accounts of those who take part."""
    return [session.counselor_id, *(participant.patient_id for participant in session.taking_part)]


def _session(payload: outbox.Payload) -> Session | None:
    return mails.told_about().filter(pk=str(payload["session"])).first()
