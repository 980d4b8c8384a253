"""Fetch one object and say whether this person may: the only way for a door to get one.

Not visible is NotFound, the same as missing; visible but not allowed is PermissionDenied.
"""

from uuid import UUID

from accounts.access import (
    access_centre,
    access_centre_to_edit,
    access_counselor,
    access_counselor_to_plan,
    access_patient_to_book_for,
)
from accounts.models import CounselorProfile, User
from accounts.permissions import Action, Scope, scope_for
from accounts.roles import Role
from core.errors import NotFound, PermissionDenied, ValidationFailed
from sessions_app.models import (
    CalendarBlock,
    CalendarFeed,
    OutsideCalendar,
    Room,
    Session,
    SessionSeries,
    SessionType,
    SlotHold,
    WaitlistEntry,
    WaitlistOffer,
)
from sessions_app.services.planning import Planner

BLOCKS_OF_PRIMARY_CENTRE = (
    "Blocks take the counselor's time everywhere, so the staff of their primary centre set them. Ask there."
)


def access_session(user: User, session_id: UUID, action: Action = Action.SESSION_SEE) -> Session:
    session = Session.objects.visible_to(user).filter(pk=session_id).first()
    if session is None:
        raise NotFound("There is no such session, or it is not yours to see.")
    if action is not Action.SESSION_SEE and not _may(user, action, session):
        raise PermissionDenied()
    return session


def access_hold(user: User, hold_id: UUID) -> SlotHold:
    hold = (
        SlotHold.objects.visible_to(user)
        .select_related(
            "entry__room", "counselor__user", "centre", "session_type", "session", "patient__user"
        )
        .filter(pk=hold_id)
        .first()
    )
    if hold is None:
        raise NotFound("There is no such hold, or it is not yours.")
    return hold


def access_offer(user: User, offer_id: UUID) -> WaitlistOffer:
    """A time that is or was offered to the patient themselves."""
    offer = (
        WaitlistOffer.objects.select_related(
            "waitlist_entry",
            "hold__entry",
            "hold__counselor__user",
            "hold__centre",
            "hold__session_type",
            "hold__session",
        )
        .filter(pk=offer_id, patient=user.pk)
        .first()
    )
    if offer is None:
        raise NotFound("There is no such offer, or it is not yours.")
    return offer


def access_waiting(user: User, entry_id: UUID, action: Action = Action.WAITLIST) -> WaitlistEntry:
    entry = WaitlistEntry.objects.visible_to(user).filter(pk=entry_id).first()
    if entry is None:
        raise NotFound("Nobody waits here, or it is not yours to see.")
    if not WaitlistEntry.objects.within(scope_for(user.role, action), user).filter(pk=entry.pk).exists():
        raise PermissionDenied()
    return entry


def access_series(user: User, series_id: UUID, action: Action = Action.SESSION_SEE) -> SessionSeries:
    series = (
        SessionSeries.objects.visible_to(user)
        .select_related("counselor__user", "patient__user")
        .filter(pk=series_id)
        .first()
    )
    if series is None:
        raise NotFound("There is no such series, or it is not yours to see.")
    if not SessionSeries.objects.within(scope_for(user.role, action), user).filter(pk=series.pk).exists():
        raise PermissionDenied()
    return series


def access_to_wait_for(user: User, *, counselor_id: UUID | None, centre_id: UUID | None) -> None:
    """Refuses a counselor or a centre that is not there for `user`; counselors let people wait for themselves."""
    if user.role == Role.COUNSELOR and counselor_id != user.pk:
        raise PermissionDenied("Counselors let people wait for themselves. Ask the front desk for others.")
    if counselor_id is not None:
        access_counselor(user, counselor_id)
    if centre_id is not None:
        access_centre(user, centre_id)


def access_session_type_to_edit(user: User, counselor_id: UUID, type_id: UUID) -> SessionType:
    """What a counselor offers or has offered, for those who plan for that counselor."""
    counselor = access_counselor_to_plan(user, counselor_id)
    session_type = SessionType.objects.filter(counselor=counselor, pk=type_id).first()
    if session_type is None:
        raise NotFound("This counselor has no such session type.")
    return session_type


def access_room_to_edit(user: User, centre_id: UUID, room_id: UUID) -> Room:
    """A room of a centre that `user` runs."""
    centre = access_centre_to_edit(user, centre_id)
    room = Room.objects.filter(centre=centre, pk=room_id).first()
    if room is None:
        raise NotFound("This centre has no such room.")
    return room


def access_outside_calendar(user: User, counselor_id: UUID, calendar_id: UUID) -> OutsideCalendar:
    """An outside calendar of a counselor for whom `user` plans."""
    counselor = access_counselor_to_plan(user, counselor_id)
    calendar = OutsideCalendar.objects.filter(counselor=counselor, pk=calendar_id).first()
    if calendar is None:
        raise NotFound("This counselor has no such calendar here.")
    return calendar


def access_counselor_to_block(user: User, counselor_id: UUID) -> CounselorProfile:
    """A counselor whose blocks `user` may set and read: like time away, they are of the primary centre's planners."""
    counselor = access_counselor_to_plan(user, counselor_id)
    if not Planner.of(user, counselor).plans_for_all:
        raise PermissionDenied(BLOCKS_OF_PRIMARY_CENTRE)
    return counselor


def access_block(user: User, counselor_id: UUID, block_id: UUID) -> CalendarBlock:
    """A block of a counselor for whom `user` plans all."""
    counselor = access_counselor_to_block(user, counselor_id)
    block = (
        CalendarBlock.objects.select_related("entry", "counselor__user")
        .filter(counselor=counselor, pk=block_id)
        .first()
    )
    if block is None:
        raise NotFound("This counselor has no such block. It may have been removed meanwhile.")
    return block


def access_own_practice(user: User) -> CounselorProfile:
    """The practice of a counselor, for the pages that are about one's own. Everybody else: PermissionDenied."""
    if user.role != Role.COUNSELOR:
        raise PermissionDenied()
    return access_counselor_to_plan(user, user.pk)


def access_own_feed(user: User) -> CalendarFeed:
    """The reader's own calendar feed. NotFound without one; PermissionDenied for whom feeds are not meant."""
    require_feeds(user)
    feed = CalendarFeed.objects.filter(user=user).first()
    if feed is None:
        raise NotFound("You have no calendar address. Make one first.")
    return feed


def require_feeds(user: User) -> None:
    """Feeds are for those who have sessions of their own. Everybody else: PermissionDenied."""
    if scope_for(user.role, Action.CALENDAR_FEED) is Scope.NONE:
        raise PermissionDenied()


def may_see_reasons(user: object, counselor: CounselorProfile) -> bool:
    """Whether they read in full why a time of the counselor is not offered: the counselor, and staff who book there."""
    if not isinstance(user, User) or not user.is_authenticated:
        return False
    match scope_for(user.role, Action.SESSION_BOOK):
        case Scope.ALL:
            return True
        case Scope.CENTRE:
            return CounselorProfile.objects.filter(
                pk=counselor.pk, user__staff_centres__centre__staff__user=user
            ).exists()
    return user.pk == counselor.pk


def access_bookable_patient(user: User, patient_id: UUID | None) -> UUID:
    """For whom a booking is made: oneself, or, for staff and counselors, the patient whom they name.

    Raises ValidationFailed when staff name nobody, and what `access_patient_to_book_for` raises.
    """
    if scope_for(user.role, Action.SESSION_BOOK) is Scope.NONE:
        raise PermissionDenied()
    if user.role == Role.PATIENT and patient_id in (None, user.pk):
        return user.pk
    if patient_id is None:
        raise ValidationFailed(details={"patient": ["Name the patient whom you book for."]})
    return access_patient_to_book_for(user, patient_id).pk


def _may(user: User, action: Action, session: Session) -> bool:
    return Session.objects.within(scope_for(user.role, action), user).filter(pk=session.pk).exists()
