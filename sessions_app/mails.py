"""The words of what people are told about their sessions, made when a message leaves: of the session as it then is."""

from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.money import amount_in_words
from notifications.mails import calendar_attachment, compose
from notifications.registry import Mail
from sessions_app import wording
from sessions_app.calendar_files import CalendarMethod, calendar_of_series, session_calendar
from sessions_app.models import (
    CancellationCharge,
    Mode,
    Session,
    SessionMove,
    SessionStatus,
    WaitlistOffer,
)
from sessions_app.models.sessions import SessionQuerySet
from sessions_app.services.suggestions import free_suggestions


def render_confirmed(user: User, session_id: UUID) -> Mail | None:
    subject = _("Your appointment on %(day)s at %(time)s")
    return _mail_of_coming("session_confirmed", subject, user, session_id)


def render_rescheduled(user: User, session_id: UUID) -> Mail | None:
    subject = _("Your appointment is moved to %(day)s at %(time)s")
    return _mail_of_coming("session_rescheduled", subject, user, session_id)


def _mail_of_coming(template: str, subject: str, user: User, session_id: UUID) -> Mail | None:
    session = _still_coming(session_id, user)
    if session is None:
        return None
    return _mail(template, subject % _moment(session), session, user, method=CalendarMethod.REQUEST)


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
    session = told_about().filter(pk=session_id).first()
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
    coming = told_about().filter(series=series_id, status=SessionStatus.CONFIRMED, start__gt=timezone.now())
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


def told_about() -> SessionQuerySet:
    return Session.objects.select_related("counselor__user", "centre", "entry__room").prefetch_related(
        "participants__patient__user"
    )


def _still_coming(session_id: UUID, reader: User) -> Session | None:
    coming = told_about().filter(status=SessionStatus.CONFIRMED, start__gt=timezone.now())
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
