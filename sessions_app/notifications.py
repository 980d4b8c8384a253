"""What people are told about their sessions, and when.

Everyone who takes part is told: the patients and the counselor. The words are made when a message leaves, from the
session as it then is; what no longer applies is not sent.
"""

from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import outbox
from core.money import amount_in_words
from notifications import registry
from notifications.mails import calendar_attachment, compose
from notifications.registry import Mail
from notifications.services import notify
from sessions_app import wording
from sessions_app.calendar_files import CalendarMethod, calendar_of_series, session_calendar
from sessions_app.models import (
    CancellationCharge,
    Mode,
    Session,
    SessionMove,
    SessionSeries,
    SessionStatus,
    WaitlistOffer,
)
from sessions_app.models.sessions import SessionQuerySet
from sessions_app.services.offers import offer_freed_place, offer_freed_time
from sessions_app.services.reminders import plan_reminders
from sessions_app.services.seats import active_participants
from sessions_app.services.suggestions import free_suggestions
from sessions_app.services.waitlist import end_waiting_for_booked


def register() -> None:
    """Called once, when the apps are ready."""
    registry.register_type("session_confirmed", render_confirmed)
    registry.register_type("session_cancelled", render_cancelled)
    registry.register_type("session_rescheduled", render_rescheduled)
    registry.register_type("session_reminder_day", render_reminder)
    registry.register_type("session_reminder_hour", render_reminder)
    registry.register_type("group_changed", render_group_changed)
    registry.register_type("waitlist_offer", render_offer)
    registry.register_type("series_booked", render_series)
    registry.register_type("series_moved", render_series_moved)
    registry.register_type("times_suggested", render_suggested)
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
    return _told_about().filter(pk=str(payload["session"])).first()


# --- What is said


def render_confirmed(user: User, session_id: UUID) -> Mail | None:
    session = _still_coming(session_id, user)
    if session is None:
        return None
    subject = _("Your appointment on %(day)s at %(time)s") % _moment(session)
    return _mail("session_confirmed", subject, session, user, method=CalendarMethod.REQUEST)


def render_rescheduled(user: User, session_id: UUID) -> Mail | None:
    session = _still_coming(session_id, user)
    if session is None:
        return None
    subject = _("Your appointment is moved to %(day)s at %(time)s") % _moment(session)
    return _mail("session_rescheduled", subject, session, user, method=CalendarMethod.REQUEST)


def render_suggested(user: User, session_id: UUID) -> Mail | None:
    """The times that can still be had instead, each with its link. None when it has moved, or none is left."""
    session = _still_coming(session_id, user)
    slots = free_suggestions(session) if session is not None else []
    if session is None or not slots:
        return None
    page = settings.SITE_URL + reverse("session_suggested", args=[session.pk])
    return compose(
        template="sessions_app/mail/times_suggested",
        subject=_("Please choose a new time instead of %(day)s at %(time)s") % _moment(session),
        context={
            "rows": [
                (_("With"), _with_whom(session, user)),
                (_("Until now"), _when(session)),
                _where(session),
            ],
            "times": [
                (wording.span(slot.start, slot.end), f"{page}?{urlencode({'start': slot.start.isoformat()})}")
                for slot in slots
            ],
            "page_url": page,
        },
    )


def render_cancelled(user: User, session_id: UUID) -> Mail | None:
    session = _told_about().filter(pk=session_id).first()
    if session is None or not session.is_cancelled_for(user):
        return None
    subject = _("Your appointment on %(day)s at %(time)s is cancelled") % _moment(session)
    return _mail("session_cancelled", subject, session, user, method=CalendarMethod.CANCEL)


def render_reminder(user: User, session_id: UUID) -> Mail | None:
    """No calendar file: the reader has one since the confirmation."""
    session = _still_coming(session_id, user)
    if session is None:
        return None
    subject = _("Reminder: your appointment on %(day)s at %(time)s") % _moment(session)
    return _mail("session_reminder", subject, session, user)


def render_group_changed(user: User, session_id: UUID) -> Mail | None:
    """To the counselor: how many they are now. Of several who come and go at once, the last mail is right."""
    session = _still_coming(session_id, user)
    if session is None:
        return None
    subject = _("Your appointment on %(day)s at %(time)s: %(taken)s of %(places)s places are booked") % {
        **_moment(session),
        "taken": len(session.taking_part),
        "places": session.capacity,
    }
    return _mail("group_changed", subject, session, user)


def render_series(user: User, series_id: UUID) -> Mail | None:
    """All times of a series that are still to come, with one calendar file. None when none is left."""
    sessions = list(_coming_of_series(series_id))
    if not sessions:
        return None
    subject = _("Your %(count)s appointments from %(day)s on") % {
        "count": len(sessions),
        "day": wording.day(sessions[0].start),
    }
    return _mail_of_series("series_booked", subject, series_id, sessions, user)


def render_series_moved(user: User, series_id: UUID) -> Mail | None:
    """The sessions that moved last, all at once, with their times before; the file replaces what calendars have.

    None when none of them is still to come.
    """
    last = SessionMove.objects.filter(session__series=series_id).order_by("-moved_at").values("moved_at")[:1]
    moves = SessionMove.objects.filter(session__series=series_id, moved_at=last)
    was = {move.session_id: move.start for move in moves}
    coming = list(_coming_of_series(series_id))
    sessions = [session for session in coming if session.pk in was]
    if not sessions:
        return None
    subject = _("New times for your appointments from %(day)s on") % {"day": wording.day(sessions[0].start)}
    before = [wording.moment(was[session.pk]) for session in sessions]
    return _mail_of_series(
        "series_moved", subject, series_id, sessions, user, before=before, others=len(coming) - len(sessions)
    )


def _coming_of_series(series_id: UUID) -> SessionQuerySet:
    coming = _told_about().filter(series=series_id, status=SessionStatus.CONFIRMED, start__gt=timezone.now())
    return coming.order_by("start")


def _mail_of_series(
    template: str,
    subject: str,
    series_id: UUID,
    sessions: list[Session],
    reader: User,
    *,
    before: list[str] | None = None,
    others: int = 0,
) -> Mail:
    """`before` are the times of these sessions until now; `others` is how many of the series are not among them."""
    first = sessions[0]
    times = [_when(session) for session in sessions]
    content = calendar_of_series(sessions, viewer=reader)
    return compose(
        template=f"sessions_app/mail/{template}",
        subject=subject,
        context={
            "rows": [(_("With"), _with_whom(first, reader)), _where(first)],
            "times": times,
            "moves": list(zip(times, before or [], strict=False)),
            "others": others,
            "series_url": settings.SITE_URL + reverse("series_detail", args=[series_id]),
        },
        attachments=[calendar_attachment(content, method=CalendarMethod.PUBLISH)],
    )


def render_offer(user: User, offer_id: UUID) -> Mail | None:
    """A freed time, and until when it is theirs to take. None once it was answered or is over."""
    offer = (
        WaitlistOffer.objects.select_related("hold__entry", "hold__centre", "counselor__user")
        .filter(pk=offer_id)
        .first()
    )
    if offer is None or not offer.is_open_at(timezone.now()):
        return None
    hold = offer.hold
    place = (
        (_("Where"), hold.centre.name) if hold.mode == Mode.IN_PERSON else (_("How"), hold.get_mode_display())
    )
    subject = _("A time has become free: %(day)s at %(time)s") % {
        "day": wording.day(offer.start),
        "time": wording.clock(offer.start),
    }
    return compose(
        template="sessions_app/mail/waitlist_offer",
        subject=subject,
        context={
            "rows": [
                (_("With"), offer.counselor.user.full_name),
                (_("When"), wording.span(hold.entry.start, hold.entry.end)),
                place,
            ],
            "answer_by": wording.moment(offer.expires_at),
            "offer_url": settings.SITE_URL + reverse("waitlist_offer", args=[offer.pk]),
        },
    )


def _told_about() -> SessionQuerySet:
    return Session.objects.select_related("counselor__user", "centre", "entry__room").prefetch_related(
        "participants__patient__user"
    )


def _still_coming(session_id: UUID, reader: User) -> Session | None:
    coming = _told_about().filter(status=SessionStatus.CONFIRMED, start__gt=timezone.now())
    session = coming.filter(pk=session_id).first()
    return None if session is None or session.is_cancelled_for(reader) else session


def _moment(session: Session) -> dict[str, str]:
    return {"day": wording.day(session.start), "time": wording.clock(session.start)}


def _mail(
    template: str, subject: str, session: Session, reader: User, *, method: CalendarMethod | None = None
) -> Mail:
    attachments = []
    if method is not None:
        content = session_calendar(session, viewer=reader, method=method)
        attachments.append(calendar_attachment(content, method=method))
    return compose(
        template=f"sessions_app/mail/{template}",
        subject=subject,
        context={
            "session": session,
            "rows": [
                (_("With"), _with_whom(session, reader)),
                (_("When"), _when(session)),
                _where(session),
                *_charge(session, reader),
            ],
            "is_counselor": reader.pk == session.counselor_id,
            "session_url": settings.SITE_URL + reverse("session_detail", args=[session.pk]),
            "directory_url": settings.SITE_URL + reverse("counselor_directory"),
        },
        attachments=attachments,
    )


def _with_whom(session: Session, reader: User) -> str:
    """To a counselor an anonymous patient is their alias; participants are not named to one another."""
    if reader.pk != session.counselor_id:
        return session.counselor.user.full_name
    return ", ".join(participant.patient.name_for(reader) for participant in session.taking_part)


def _when(session: Session) -> str:
    """Beside the reader's time the centre's, when that is where they go."""
    there = ZoneInfo(session.centre.timezone) if session.mode == Mode.IN_PERSON else None
    return wording.span(session.start, session.end, other=there)


def _where(session: Session) -> tuple[str, str]:
    if session.mode == Mode.IN_PERSON:
        centre, room = session.centre, session.entry.room
        parts = (centre.name, room.name if room else "", centre.address, centre.city)
        return _("Where"), ", ".join(part for part in parts if part)
    return _("How"), _("By video") if session.mode == Mode.VIDEO else _("By phone")


def _charge(session: Session, reader: User) -> list[tuple[str, str]]:
    """What the patient owes for having cancelled late, as it stands when the mail leaves; of several, their own."""
    if not session.is_cancelled_for(reader):
        return []
    charges = CancellationCharge.objects.filter(session=session, waived_at=None)
    if session.capacity > 1:
        charges = charges.filter(participant__patient=reader.pk)
    charge = charges.first()
    return [(_("Cost"), amount_in_words(charge.amount_minor, session.currency))] if charge else []
