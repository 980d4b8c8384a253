"""What the role table promises, written out for each operation of the API. docs/access.md says it in words.

A row says how far each role reaches: NO, OWN (their own, or in their care), CENTRE (of their centres), ALL, and OPEN
for what has no object. Out of reach is answered as not found, or as forbidden where the thing itself is public.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.access.world import Piece, World

NO, OWN, CENTRE, ALL, OPEN = "no", "own", "centre", "all", "open"
ROLES = (
    "visitor",
    "patient",
    "counselor",
    "front_desk",
    "care_coordinator",
    "centre_manager",
    "manager",
    "admin",
)


def reach(*cells: str) -> dict[str, str]:
    return dict(zip(ROLES, cells, strict=True))


#                visitor patient counselor desk  coordinator centre m. manager admin
EVERYBODY = reach(OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN)
SIGNED_IN = reach(NO, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN)
PATIENTS = reach(NO, OWN, OWN, CENTRE, CENTRE, CENTRE, ALL, ALL)
SESSIONS = reach(NO, OWN, OWN, CENTRE, CENTRE, CENTRE, ALL, ALL)
SUGGESTING = reach(NO, NO, OWN, CENTRE, CENTRE, CENTRE, ALL, ALL)
COMPLETING = reach(NO, NO, OWN, NO, NO, CENTRE, ALL, ALL)
NO_SHOW = reach(NO, NO, OWN, CENTRE, NO, CENTRE, ALL, ALL)
PARTICIPANTS = reach(NO, NO, OWN, CENTRE, CENTRE, CENTRE, ALL, ALL)
CORRECTING = reach(NO, NO, NO, NO, NO, CENTRE, ALL, ALL)
RATING = reach(NO, OWN, NO, NO, NO, NO, NO, NO)
AT_DESK = reach(NO, NO, NO, CENTRE, CENTRE, CENTRE, ALL, ALL)
WAIVING = reach(NO, NO, NO, CENTRE, CENTRE, CENTRE, ALL, ALL)
PLANNING = reach(NO, NO, OWN, NO, CENTRE, CENTRE, ALL, ALL)
CENTRES = reach(NO, NO, NO, NO, NO, CENTRE, ALL, ALL)
NEW_CENTRES = reach(NO, NO, NO, NO, NO, NO, ALL, ALL)

FEEDS = reach(NO, OPEN, OPEN, NO, NO, NO, NO, NO)

Request = Callable[[World, Piece], tuple[str, dict[str, Any] | None]]


@dataclass(frozen=True)
class Row:
    """One operation. `request` makes its path and body about one piece of the world."""

    reach: dict[str, str]
    request: Request
    success: int = 200
    hidden: int = 404


def at(path: str, body: dict[str, Any] | None = None) -> Request:
    """A path that may name the ids of a Piece: {patient}, {coming}, {hold}…"""

    def request(world: World, piece: Piece) -> tuple[str, dict[str, Any] | None]:
        return path.format(**piece.ids), body

    return request


def about(path: str, body: Callable[[World, Piece], dict[str, Any]]) -> Request:
    def request(world: World, piece: Piece) -> tuple[str, dict[str, Any] | None]:
        return path.format(**piece.ids), body(world, piece)

    return request


def _hours(world: World, piece: Piece) -> dict[str, Any]:
    return {"rules": [{"weekday": 0, "start": "09:00", "end": "10:00", "timezone": "UTC"}]}


def _session_type(world: World, piece: Piece) -> dict[str, Any]:
    return {"name": "Short", "duration_minutes": 30, "modes": ["phone"], "currency": "EUR"}


def _time(world: World, piece: Piece) -> dict[str, Any]:
    return {
        "counselor": piece.ids["counselor"],
        "start": world.free_start.isoformat(),
        "patient": piece.ids["patient"],
    }


def _walk_in(world: World, piece: Piece) -> dict[str, Any]:
    return {
        "first_name": "Robin",
        "last_name": "Vale",
        "phone": "+4915112345678",
        "centre": piece.ids["centre"],
    }


def _series(world: World, piece: Piece) -> dict[str, Any]:
    return _time(world, piece) | {"rhythm": "weekly", "count": 3}


def _wait(world: World, piece: Piece) -> dict[str, Any]:
    return {"counselor": piece.ids["counselor"], "patient": piece.ids["patient"], "timezone": "UTC"}


def _block(world: World, piece: Piece) -> dict[str, Any]:
    start = world.free_start
    return {"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat(), "title": "Team"}


CENTRE_BODY = {"name": "New", "city": "Pune", "timezone": "Asia/Kolkata"}

TABLE: dict[str, Row] = {
    "POST auth/signup": Row(EVERYBODY, at("auth/signup", {}), success=400),
    "POST auth/signin": Row(EVERYBODY, at("auth/signin", {}), success=400),
    "POST auth/refresh": Row(EVERYBODY, at("auth/refresh", {}), success=400),
    "POST auth/signout": Row(SIGNED_IN, at("auth/signout"), success=204),
    "GET auth/me": Row(SIGNED_IN, at("auth/me")),
    "GET users/preferences": Row(SIGNED_IN, at("users/preferences")),
    "PUT users/preferences": Row(
        SIGNED_IN,
        at(
            "users/preferences",
            {"language": "en", "timezone": "UTC", "theme": "dark", "font_size": "large"},
        ),
    ),
    "PATCH users/preferences": Row(SIGNED_IN, at("users/preferences", {"theme": "dark"})),
    "GET users/profile": Row(SIGNED_IN, at("users/profile")),
    "PUT users/profile": Row(SIGNED_IN, at("users/profile", {}), success=400),
    "PATCH users/profile": Row(SIGNED_IN, at("users/profile", {"first_name": "Robin"})),
    "GET users/<uuid:user_id>/profile": Row(PATIENTS, at("users/{patient}/profile")),
    "GET centres": Row(SIGNED_IN, at("centres")),
    "POST centres": Row(NEW_CENTRES, at("centres", CENTRE_BODY), success=201, hidden=403),
    "GET centres/<uuid:centre_id>": Row(SIGNED_IN, at("centres/{centre}")),
    "PUT centres/<uuid:centre_id>": Row(CENTRES, at("centres/{centre}", CENTRE_BODY), hidden=403),
    "PATCH centres/<uuid:centre_id>": Row(CENTRES, at("centres/{centre}", {"name": "X"}), hidden=403),
    "DELETE centres/<uuid:centre_id>": Row(NEW_CENTRES, at("centres/{centre}"), success=409, hidden=403),
    "PATCH centres/<uuid:centre_id>/toggle-active": Row(
        CENTRES, at("centres/{centre}/toggle-active"), hidden=403
    ),
    "GET centres/<uuid:centre_id>/rooms": Row(CENTRES, at("centres/{centre}/rooms"), hidden=403),
    "POST centres/<uuid:centre_id>/rooms": Row(
        CENTRES, at("centres/{centre}/rooms", {"name": "Blue"}), success=201, hidden=403
    ),
    "PATCH centres/<uuid:centre_id>/rooms/<uuid:room_id>": Row(
        CENTRES, at("centres/{centre}/rooms/{room}", {"is_active": False}), hidden=403
    ),
    "GET patients": Row(SIGNED_IN, at("patients")),
    "POST patients": Row(AT_DESK, about("patients", _walk_in), success=201, hidden=403),
    "GET counselors": Row(EVERYBODY, at("counselors")),
    "GET counselors/<uuid:counselor_id>": Row(EVERYBODY, at("counselors/{counselor}")),
    "GET counselors/<uuid:counselor_id>/availability": Row(
        EVERYBODY, at("counselors/{counselor}/availability")
    ),
    "PUT counselors/<uuid:counselor_id>/availability": Row(
        PLANNING, about("counselors/{counselor}/availability", _hours), hidden=403
    ),
    "GET counselors/<uuid:counselor_id>/availability/outside": Row(
        PLANNING, at("counselors/{counselor}/availability/outside"), hidden=403
    ),
    "GET counselors/<uuid:counselor_id>/slots/why-not": Row(
        EVERYBODY, at("counselors/{counselor}/slots/why-not?start=2030-01-01T09:00:00Z")
    ),
    "GET counselors/<uuid:counselor_id>/slots": Row(EVERYBODY, at("counselors/{counselor}/slots")),
    "POST counselors/<uuid:counselor_id>/session-types": Row(
        PLANNING, about("counselors/{counselor}/session-types", _session_type), success=201, hidden=403
    ),
    "PATCH counselors/<uuid:counselor_id>/session-types/<uuid:type_id>": Row(
        PLANNING, at("counselors/{counselor}/session-types/{type}", {"name": "Other"}), hidden=403
    ),
    "DELETE counselors/<uuid:counselor_id>/session-types/<uuid:type_id>": Row(
        PLANNING, at("counselors/{counselor}/session-types/{type}"), success=204, hidden=403
    ),
    "GET counselors/<uuid:counselor_id>/cancellation-policy": Row(
        EVERYBODY, at("counselors/{counselor}/cancellation-policy")
    ),
    "PUT counselors/<uuid:counselor_id>/cancellation-policy": Row(
        PLANNING,
        at("counselors/{counselor}/cancellation-policy", {"free_until_hours": 48, "late_percent": 50}),
        hidden=403,
    ),
    "GET counselors/<uuid:counselor_id>/busy": Row(
        PLANNING, at("counselors/{counselor}/busy?from=2026-12-01&to=2026-12-31"), hidden=403
    ),
    "GET counselors/<uuid:counselor_id>/calendar": Row(
        PLANNING, at("counselors/{counselor}/calendar?from=2026-12-01&to=2026-12-14"), hidden=403
    ),
    "GET counselors/<uuid:counselor_id>/blocks": Row(
        PLANNING, at("counselors/{counselor}/blocks?from=2026-12-01&to=2026-12-31"), hidden=403
    ),
    "POST counselors/<uuid:counselor_id>/blocks": Row(
        PLANNING, about("counselors/{counselor}/blocks", _block), success=201, hidden=403
    ),
    "PATCH counselors/<uuid:counselor_id>/blocks/<uuid:block_id>": Row(
        PLANNING, at("counselors/{counselor}/blocks/{block}", {"title": "Other"}), hidden=403
    ),
    "DELETE counselors/<uuid:counselor_id>/blocks/<uuid:block_id>": Row(
        PLANNING, at("counselors/{counselor}/blocks/{block}"), success=204, hidden=403
    ),
    "GET counselors/<uuid:counselor_id>/outside-calendars": Row(
        PLANNING, at("counselors/{counselor}/outside-calendars"), hidden=403
    ),
    "POST counselors/<uuid:counselor_id>/outside-calendars": Row(
        PLANNING,
        at("counselors/{counselor}/outside-calendars", {"name": "Work", "address": "https://cal.test/w.ics"}),
        success=201,
        hidden=403,
    ),
    "DELETE counselors/<uuid:counselor_id>/outside-calendars/<uuid:calendar_id>": Row(
        PLANNING, at("counselors/{counselor}/outside-calendars/{outside}"), success=204, hidden=403
    ),
    "POST counselors/<uuid:counselor_id>/outside-calendars/<uuid:calendar_id>/read": Row(
        PLANNING, at("counselors/{counselor}/outside-calendars/{outside}/read"), hidden=403
    ),
    "GET slots": Row(EVERYBODY, at("slots")),
    "GET sessions": Row(SIGNED_IN, at("sessions")),
    "POST sessions": Row(PATIENTS, about("sessions", _time), success=201),
    "GET sessions/holds": Row(SIGNED_IN, at("sessions/holds")),
    "POST sessions/holds": Row(PATIENTS, about("sessions/holds", _time), success=201),
    "DELETE sessions/holds/<uuid:hold_id>": Row(
        SESSIONS | {"counselor": NO}, at("sessions/holds/{hold}"), success=204
    ),
    "POST sessions/holds/<uuid:hold_id>/renew": Row(
        SESSIONS | {"counselor": NO}, at("sessions/holds/{hold}/renew")
    ),
    "GET sessions/feed": Row(FEEDS, at("sessions/feed"), success=404),
    "POST sessions/feed": Row(FEEDS, at("sessions/feed", {}), success=201),
    "PATCH sessions/feed": Row(FEEDS, at("sessions/feed", {}), success=404),
    "DELETE sessions/feed": Row(FEEDS, at("sessions/feed"), success=204),
    "GET sessions/feed/<str:token>.ics": Row(EVERYBODY, at("sessions/feed/unknown.ics"), success=404),
    "POST sessions/series": Row(PATIENTS, about("sessions/series", _series), success=201),
    "GET sessions/series/<uuid:series_id>": Row(SESSIONS, at("sessions/series/{series}")),
    "PATCH sessions/series/<uuid:series_id>": Row(
        SESSIONS,
        about("sessions/series/{series}", lambda world, piece: {"scope": "all", "time": "11:00"}),
    ),
    "DELETE sessions/series/<uuid:series_id>": Row(SESSIONS, at("sessions/series/{series}?scope=all")),
    "GET sessions/waitlist": Row(SIGNED_IN, at("sessions/waitlist")),
    "POST sessions/waitlist": Row(PATIENTS, about("sessions/waitlist", _wait), success=201),
    "GET sessions/waitlist/<uuid:entry_id>": Row(SESSIONS, at("sessions/waitlist/{waiting}")),
    "PATCH sessions/waitlist/<uuid:entry_id>": Row(
        SESSIONS | {"patient": NO}, at("sessions/waitlist/{waiting}", {"priority": 1})
    ),
    "DELETE sessions/waitlist/<uuid:entry_id>": Row(SESSIONS, at("sessions/waitlist/{waiting}"), success=204),
    "GET sessions/<uuid:session_id>": Row(SESSIONS, at("sessions/{coming}")),
    "DELETE sessions/<uuid:session_id>": Row(SESSIONS, at("sessions/{coming}")),
    "POST sessions/<uuid:session_id>/cancel": Row(
        SESSIONS, at("sessions/{coming}/cancel", {"reason": "ill"})
    ),
    "GET sessions/<uuid:session_id>/cancellation": Row(SESSIONS, at("sessions/{coming}/cancellation")),
    "POST sessions/<uuid:session_id>/cancellation/waive": Row(
        WAIVING, at("sessions/{charged}/cancellation/waive", {"reason": "first time"})
    ),
    "GET sessions/<uuid:session_id>/suggested-times": Row(SESSIONS, at("sessions/{coming}/suggested-times")),
    "POST sessions/<uuid:session_id>/suggested-times": Row(
        SUGGESTING,
        about(
            "sessions/{coming}/suggested-times",
            lambda world, piece: {"starts": [world.free_start.isoformat()]},
        ),
        success=201,
    ),
    "POST sessions/<uuid:session_id>/reschedule": Row(
        SESSIONS,
        about("sessions/{coming}/reschedule", lambda world, piece: {"start": world.free_start.isoformat()}),
    ),
    "GET sessions/<uuid:session_id>/check-in": Row(SESSIONS, at("sessions/{now}/check-in")),
    "POST sessions/<uuid:session_id>/check-in": Row(AT_DESK, at("sessions/{now}/check-in", {})),
    "DELETE sessions/<uuid:session_id>/check-in": Row(AT_DESK, at("sessions/{now}/check-in")),
    # Nobody has moved it: for who may, there is nothing to take back.
    "POST sessions/<uuid:session_id>/reschedule/undo": Row(
        SESSIONS, at("sessions/{coming}/reschedule/undo"), success=409
    ),
    "POST sessions/<uuid:session_id>/start": Row(COMPLETING, at("sessions/{now}/start")),
    "POST sessions/<uuid:session_id>/correct": Row(
        CORRECTING, at("sessions/{over}/correct", {"status": "no_show", "reason": "wrong button"})
    ),
    "GET sessions/<uuid:session_id>/rate": Row(RATING, at("sessions/{over}/rate")),
    "PUT sessions/<uuid:session_id>/rate": Row(RATING, at("sessions/{over}/rate", {"rating": 4})),
    "POST sessions/<uuid:session_id>/complete": Row(COMPLETING, at("sessions/{past}/complete")),
    "POST sessions/<uuid:session_id>/no-show": Row(NO_SHOW, at("sessions/{past}/no-show")),
    "GET sessions/<uuid:session_id>/participants": Row(PARTICIPANTS, at("sessions/{group}/participants")),
    "POST sessions/<uuid:session_id>/participants": Row(
        PARTICIPANTS,
        about("sessions/{group}/participants", lambda world, piece: {"patient": piece.ids["friend"]}),
        success=201,
    ),
    "DELETE sessions/<uuid:session_id>/participants/<uuid:patient_id>": Row(
        PARTICIPANTS, at("sessions/{group}/participants/{patient}")
    ),
    "POST sessions/<uuid:session_id>/participants/<uuid:patient_id>/no-show": Row(
        NO_SHOW, at("sessions/{group_over}/participants/{patient}/no-show")
    ),
    "DELETE sessions/<uuid:session_id>/participants/<uuid:patient_id>/no-show": Row(
        NO_SHOW, at("sessions/{group_over}/participants/{patient}/no-show")
    ),
    "GET sessions/<uuid:session_id>/calendar.ics": Row(SESSIONS, at("sessions/{coming}/calendar.ics")),
    "GET emergency/hotlines": Row(EVERYBODY, at("emergency/hotlines")),
}

# A role that the table gives nothing is refused before any object is looked at; but a counselor may place holds, so
# somebody else's hold is not found rather than forbidden.
NOT_FOUND_INSTEAD = {
    ("DELETE sessions/holds/<uuid:hold_id>", "counselor"),
    ("POST sessions/holds/<uuid:hold_id>/renew", "counselor"),
}

LISTS: dict[str, tuple[str, dict[str, str]]] = {
    "GET sessions": ("coming", SESSIONS),
    "GET patients": ("patient", PATIENTS),
    "GET sessions/holds": ("hold", SESSIONS | {"counselor": NO}),
    "GET sessions/waitlist": ("waiting", SESSIONS),
}
"""Lists: the key of the piece that they show, and how far each role sees."""
