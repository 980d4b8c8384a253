"""What cancelling costs: known before, by the version that was agreed to, for late patients alone, waived by staff."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from core.money import share_of
from sessions_app.models import CalendarEntry, CancellationCharge, NoticePolicy, Session
from sessions_app.services.booking import book_hold
from sessions_app.services.holds import place_hold
from sessions_app.services.policies import set_notice_policy
from sessions_app.services.reservations import Choice
from tests.accounts.letters import deliver_letters
from tests.sessions_app.clinic import ask_to_cancel, book, coming, done, keep_policy, open_practice, refused

pytestmark = pytest.mark.django_db
FEE = 6000


@pytest.fixture
def practice(cast):
    """Centre A's counselor, whose session costs 60 dollars, cancelled late half of it."""
    counselor = open_practice(counselor=cast.a.counselor.counselor_profile, paid=True)
    keep_policy(counselor, free_until_hours=24, late_percent=50)
    return counselor


@pytest.fixture
def session(practice, cast):
    return book(practice, cast.a.patient, coming())


def begins_in(session, **left):
    """Moves the session so that it begins in so long."""
    start = timezone.now() + timedelta(**left)
    Session.objects.filter(pk=session.pk).update(start=start, end=start + timedelta(minutes=50))


def policy_address(counselor):
    return f"/api/counselors/{counselor.pk}/cancellation-policy"


def cost(client, session):
    return done(client.get(f"/api/sessions/{session.pk}/cancellation"))


# --- What it costs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "percent", "share"),
    [(6000, 50, 3000), (999, 50, 499), (1, 99, 0), (0, 100, 0), (333, 100, 333)],
)
def test_a_share_is_rounded_down_to_the_smallest_coin(amount, percent, share):
    assert share_of(amount, percent) == share


def test_with_notice_it_is_free_and_says_until_when(api_as, cast, session):
    shown = cost(api_as(cast.a.patient), session)
    assert (shown["charge_minor"], shown["late_charge_minor"], shown["currency"]) == (0, FEE // 2, "USD")
    assert shown["free_until"].startswith((session.start - timedelta(hours=24)).isoformat()[:19])
    assert shown["policy"]["version"] == 1
    answer = done(ask_to_cancel(api_as(cast.a.patient), session.pk))
    assert answer["cancellation"]["charge_minor"] == 0
    assert not CancellationCharge.objects.exists()


def test_too_late_it_costs_the_share_and_names_the_version(api_as, cast, session):
    begins_in(session, hours=23, minutes=59)
    client = api_as(cast.a.patient)
    assert cost(client, session)["charge_minor"] == FEE // 2
    cancelled = done(ask_to_cancel(client, session.pk, charge_minor=FEE // 2))["cancellation"]
    assert (cancelled["charge_minor"], cancelled["waived_minor"], cancelled["policy_version"]) == (
        *(FEE // 2, 0),
        1,
    )
    deliver_letters()
    (mail,) = [
        letter
        for letter in deliver_letters()
        if letter.to == [cast.a.patient.email] and "cancelled" in letter.subject
    ]
    assert "$30" in mail.body


@pytest.mark.parametrize("left", [{"hours": 24, "minutes": 1}, {"days": 30}])
def test_up_to_the_last_minute_of_the_notice_it_is_free(api_as, cast, session, left):
    begins_in(session, **left)
    assert cost(api_as(cast.a.patient), session)["charge_minor"] == 0


@pytest.mark.parametrize("role", ["counselor", "front_desk", "care_coordinator", "centre_manager", "manager"])
def test_who_cancels_for_the_house_charges_nothing(api_as, cast, session, role):
    begins_in(session, hours=1)
    client = api_as(cast.of_role(role))
    assert cost(client, session)["charge_minor"] == 0
    assert done(ask_to_cancel(client, session.pk))["cancellation"]["charge_minor"] == 0
    assert not CancellationCharge.objects.exists()


def test_what_costs_more_than_was_shown_is_refused_until_it_is_shown(api_as, cast, session):
    client = api_as(cast.a.patient)
    begins_in(session, hours=2)
    error = refused(ask_to_cancel(client, session.pk, charge_minor=0), 409, "CONFLICT")
    assert error["details"] == {"charge_minor": FEE // 2, "currency": "USD"}
    assert Session.objects.get(pk=session.pk).status == "confirmed"
    done(ask_to_cancel(client, session.pk, charge_minor=FEE // 2))


@pytest.mark.parametrize("terms", [{"late_percent": 0}, {"free_until_hours": 0}])
def test_terms_that_charge_nothing_charge_nothing(api_as, cast, practice, terms):
    set_notice_policy(
        counselor=practice,
        **({"free_until_hours": 24, "late_percent": 50} | terms),
        actor=cast.a.counselor,
        now=timezone.now() - timedelta(days=2),
    )
    session = book(practice, cast.a.patient, coming())
    begins_in(session, minutes=5)
    assert cost(api_as(cast.a.patient), session) | {"policy": None} == {
        "charge_minor": 0,
        "currency": "USD",
        "free_until": None,
        "late_charge_minor": 0,
        "policy": None,
    }
    done(ask_to_cancel(api_as(cast.a.patient), session.pk, charge_minor=0))


def test_what_can_no_longer_be_cancelled_has_no_price(api_as, cast, session):
    client = api_as(cast.a.patient)
    begins_in(session, minutes=-1)
    refused(client.get(f"/api/sessions/{session.pk}/cancellation"), 409, "INVALID_STATE")
    done(ask_to_cancel(api_as(cast.a.counselor), session.pk))
    refused(client.get(f"/api/sessions/{session.pk}/cancellation"), 409, "INVALID_STATE")


# --- Which version -------------------------------------------------------------------------------------------


def test_a_new_version_never_reaches_what_is_booked(api_as, cast, practice, session):
    harder = {"free_until_hours": 48, "late_percent": 100}
    shown = done(api_as(cast.a.counselor).put(policy_address(practice), harder, format="json"))
    assert (shown["current"]["version"], shown["next"]["version"]) == (1, 2)
    NoticePolicy.objects.bulk_create(
        [
            NoticePolicy(
                counselor=practice,
                version=3,
                **harder,
                in_force_from=timezone.now(),
                created_by=cast.a.counselor,
            )
        ]
    )
    begins_in(session, hours=30)
    assert cost(api_as(cast.a.patient), session)["charge_minor"] == 0
    later = book(practice, cast.a.patient, coming(5))
    assert cost(api_as(cast.a.patient), later)["policy"]["version"] == 2 + 1


def test_whoever_has_read_the_terms_on_a_hold_books_under_them(api_as, cast, practice):
    hold = place_hold(
        choice=Choice(practice.pk, coming()), patient_id=cast.a.patient.pk, actor=cast.a.patient
    )
    # As if the hold had been placed eight minutes ago, renewed since, and the new version in force for one minute.
    placed = timezone.now() - timedelta(minutes=8)
    CalendarEntry.objects.filter(pk=hold.pk).update(created_at=placed)
    set_notice_policy(
        counselor=practice,
        free_until_hours=300,
        late_percent=100,
        actor=cast.a.counselor,
        now=timezone.now() - timedelta(minutes=16),
    )
    session = book_hold(hold=hold, actor=cast.a.patient)
    shown = cost(api_as(cast.a.patient), session)
    assert (shown["policy"]["version"], shown["charge_minor"]) == (1, 0)


def test_a_version_is_in_force_a_while_after_it_was_set(api, api_as, cast, practice):
    now = timezone.now()
    policy = set_notice_policy(
        counselor=practice, free_until_hours=12, late_percent=20, actor=cast.a.counselor, now=now
    )
    assert policy.in_force_from == now + timedelta(minutes=15)
    shown = done(api.get(policy_address(practice)))
    assert (shown["current"]["version"], shown["next"]["late_percent"]) == (1, 20)


def test_the_same_terms_again_are_no_new_version(api_as, cast, practice):
    body = {"free_until_hours": 24, "late_percent": 50}
    client = api_as(cast.a.counselor)
    assert done(client.put(policy_address(practice), body, format="json"))["next"] is None
    assert practice.notice_policies.count() == 1
    assert AuditEvent.objects.filter(action="notice_policy.set").count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"free_until_hours": 24},
        {"free_until_hours": -1, "late_percent": 10},
        {"free_until_hours": 337, "late_percent": 10},
        {"free_until_hours": 24, "late_percent": 101},
        {"free_until_hours": 24, "late_percent": 10, "version": 9},
    ],
)
def test_terms_that_cannot_be_are_refused(api_as, cast, practice, body):
    refused(
        api_as(cast.a.counselor).put(policy_address(practice), body, format="json"), 400, "VALIDATION_ERROR"
    )
    assert practice.notice_policies.count() == 1


def test_the_database_changes_and_removes_no_version(practice):
    for change in (
        lambda: practice.notice_policies.update(late_percent=100),
        lambda: practice.notice_policies.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="new version"), transaction.atomic():
            change()


# --- Waiving -------------------------------------------------------------------------------------------------


def waive(client, session, reason="First time in two years."):
    return client.post(f"/api/sessions/{session.pk}/cancellation/waive", {"reason": reason}, format="json")


@pytest.fixture
def charged(api_as, cast, session):
    begins_in(session, hours=1)
    done(ask_to_cancel(api_as(cast.a.patient), session.pk))
    return session


@pytest.mark.parametrize("role", ["front_desk", "care_coordinator", "centre_manager", "manager", "admin"])
def test_staff_let_a_patient_off_and_the_reason_is_on_record(api_as, cast, charged, role):
    client = api_as(cast.of_role(role))
    assert "waive" in done(client.get(f"/api/sessions/{charged.pk}"))["can"]
    answer = done(waive(client, charged))
    assert answer["cancellation"]["charge_minor"] == 0
    assert answer["cancellation"]["waived_minor"] == FEE // 2
    assert "waive" not in answer["can"]
    event = AuditEvent.objects.get(action="session.charge_waived")
    assert (event.actor_id, event.patient_id, event.why) == (
        *(cast.of_role(role).pk, cast.a.patient.pk),
        "First time in two years.",
    )
    refused(waive(client, charged), 409, "INVALID_STATE")
    assert AuditEvent.objects.filter(action="session.charge_waived").count() == 1


def test_nobody_lets_themselves_off(api_as, cast, charged):
    for person in (cast.a.patient, cast.a.counselor):
        refused(waive(api_as(person), charged), 403, "PERMISSION_DENIED")
    refused(waive(api_as(cast.b.centre_manager), charged), 404, "NOT_FOUND")


def test_waiving_needs_a_reason_and_a_charge(api_as, cast, charged, practice):
    client = api_as(cast.a.front_desk)
    for reason in ("", "  ", "x" * 401):
        refused(waive(client, charged, reason), 400, "VALIDATION_ERROR")
    other = book(practice, cast.a.patient, coming(6))
    refused(waive(client, other), 409, "INVALID_STATE")
