"""`manage.py demo_data`, and the clinic that it leaves."""

from collections import Counter
from datetime import datetime, time, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.core import mail
from django.core.management import CommandError, call_command
from django.db.models import Q
from django.utils import timezone

from accounts.models import CareRelationship, Centre, CounselorProfile, PatientProfile, User
from accounts.roles import Role
from core.models import OutboxEntry
from core.running import DEMO_LOGINS, DEMO_PASSWORD
from notifications.models import Delivery
from sessions_app.models import Mode, Reminder, Room, Session, SessionParticipant, SessionStatus

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("said_at_opening"),
    pytest.mark.xdist_group("demo"),
]

STAFF = ("admin", "manager", "centre.manager", "coordinator", "frontdesk")
LOGINS = (*STAFF, "counselor", "counselor2", "counselor12", "patient", "patient2", "patient100")


def test_it_says_how_far_it_is(said_at_opening):
    assert "a hundred patients" in said_at_opening
    assert said_at_opening.strip().splitlines()[-1].startswith("The demo clinic is open")


def test_there_are_two_centres_a_dozen_counselors_a_hundred_patients_and_staff_of_every_role():
    assert sorted(Centre.objects.values_list("timezone", flat=True)) == ["Asia/Kolkata", "Europe/London"]
    assert not Centre.objects.filter(
        Q(address="") | Q(latitude=None) | Q(longitude=None) | Q(phone="")
    ).exists()
    assert Counter(User.objects.values_list("role", flat=True)) == {
        Role.PATIENT: 100,
        Role.COUNSELOR: 12,
    } | dict.fromkeys(
        (Role.ADMIN, Role.MANAGER, Role.CENTRE_MANAGER, Role.CARE_COORDINATOR, Role.FRONT_DESK), 1
    )


def test_patients_live_in_several_zones_and_some_show_an_alias_only():
    assert PatientProfile.objects.filter(is_anonymous=True).exclude(alias="").count() == 7
    assert User.objects.filter(role=Role.PATIENT).values("timezone").distinct().count() >= 6
    assert not PatientProfile.objects.filter(patient_centres=None).exists()


@pytest.mark.parametrize("name", LOGINS)
def test_the_logins_work_also_where_addresses_must_be_confirmed(api, settings, name):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

    answer = api.post(
        "/api/auth/signin", {"email": f"{name}@demo.test", "password": DEMO_PASSWORD}, format="json"
    )

    assert answer.status_code == 200, answer.content


def test_the_logins_that_are_printed_exist():
    assert User.objects.filter(email__in=DEMO_LOGINS, is_active=True).count() == len(DEMO_LOGINS)


def test_every_counselor_is_listed_with_a_next_free_time(api):
    listed = api.get("/api/counselors?page_size=50").json()["data"]

    assert len(listed) == 12
    assert [counselor["display_name"] for counselor in listed if counselor["next_free_at"] is None] == []


def test_counselors_differ_in_where_and_when_they_are_there():
    def rules(**conditions):
        return CounselorProfile.objects.filter(**conditions).distinct()

    assert rules(availability_rules__start__gte=time(17)).exists()
    assert rules(availability_rules__weekday__in=[5, 6]).exists()
    assert rules(availability_rules__timezone="America/New_York").exists()
    online_only = CounselorProfile.objects.exclude(availability_rules__centre__isnull=False)
    assert online_only.count() == 2
    assert not Session.objects.filter(counselor__in=online_only, mode=Mode.IN_PERSON).exists()
    at_two_centres = [
        counselor
        for counselor in CounselorProfile.objects.all()
        if counselor.availability_rules.exclude(centre=None).values("centre").distinct().count() == 2
    ]
    assert len(at_two_centres) == 1


def test_past_sessions_took_place_for_the_most_part():
    over = Session.objects.filter(end__lt=timezone.now() - timedelta(hours=4))
    shares = {status: over.filter(status=status).count() / over.count() for status in SessionStatus}

    assert over.count() > 250
    assert over.earliest("start").start < timezone.now() - timedelta(days=80)
    assert 0.75 < shares[SessionStatus.COMPLETED] < 0.95
    assert 0.04 < shares[SessionStatus.CANCELLED] < 0.15
    assert 0.01 < shares[SessionStatus.NO_SHOW] < 0.10
    assert shares[SessionStatus.CONFIRMED] == 0
    completed = sum(CounselorProfile.objects.values_list("sessions_completed", flat=True))
    assert completed == Session.objects.filter(status=SessionStatus.COMPLETED).count()


def test_rows_are_dated_as_if_they_had_been_written_then():
    for session in Session.objects.select_related("entry").prefetch_related("participants__patient__user"):
        assert abs(session.created_at - session.entry.created_at) < timedelta(seconds=5)
        assert session.created_at < session.start
        assert session.cancelled_at is None or session.created_at < session.cancelled_at < session.start
        participants = session.participants.all()
        assert len(participants) == 1 or session.capacity > 1
        for participant in participants:
            assert participant.patient.user.date_joined < session.created_at
            care = CareRelationship.objects.get(patient=participant.patient, counselor=session.counselor_id)
            assert care.since <= session.created_at


def test_coming_weeks_are_booked_too_and_patient_has_been_and_will_come():
    now = timezone.now()
    assert Session.objects.filter(start__gt=now, status=SessionStatus.CONFIRMED).count() > 50
    own = Session.objects.filter(participants__patient__user__email="patient@demo.test")
    assert own.filter(start__gt=now, status=SessionStatus.CONFIRMED).exists()
    assert own.filter(start__lt=now, status=SessionStatus.COMPLETED).count() > 3


def test_the_counselors_today_is_not_empty():
    counselor = User.objects.get(email="counselor@demo.test")
    zone = ZoneInfo(counselor.timezone)
    today = datetime.combine(timezone.now().astimezone(zone).date(), time(), zone)

    sessions = Session.objects.filter(
        counselor=counselor.pk, start__gte=today, start__lt=today + timedelta(days=1)
    )

    assert sessions.count() >= 4


def test_nobody_is_told_of_what_never_happened():
    assert not OutboxEntry.objects.exclude(pending=[], done_at__isnull=False).exists()
    assert not Delivery.objects.exists()
    assert mail.outbox == []


def test_coming_sessions_will_be_reminded_of_and_past_ones_will_not():
    now = timezone.now()
    assert Reminder.objects.filter(session__start__gt=now + timedelta(days=2)).exists()
    assert not Reminder.objects.filter(due_at__lt=now - timedelta(hours=1)).exists()


def test_a_second_run_changes_nothing(settings):
    settings.DEBUG = True
    before = {model: model._base_manager.count() for model in apps.get_models()}
    said = StringIO()

    call_command("demo_data", stdout=said)

    assert "stays as it is" in said.getvalue()
    assert {model: model._base_manager.count() for model in apps.get_models()} == before


def test_it_refuses_outside_of_development():
    with pytest.raises(CommandError, match="DEBUG only"):
        call_command("demo_data")


def test_the_desk_has_rooms_somebody_who_has_come_and_a_session_that_is_overbooked():
    assert Room.objects.filter(centre__timezone="Europe/London").count() == 4
    in_person = Session.objects.filter(mode=Mode.IN_PERSON, status=SessionStatus.CONFIRMED)
    assert not in_person.filter(entry__room=None).exists()
    overbooked = Session.objects.get(overbooked=True)
    assert overbooked.counselor.user.email == "counselor@demo.test"
    assert overbooked.overbooked_by.email == "frontdesk@demo.test"
    soon = timezone.now() + timedelta(hours=10)
    if in_person.filter(centre__timezone="Europe/London", start__gt=timezone.now(), start__lt=soon).exists():
        assert SessionParticipant.objects.filter(arrived_at__isnull=False).exists()


def test_groups_have_people_and_places_left():
    groups = (
        Session.objects.filter(kind="group").prefetch_related("participants__patient__user").order_by("start")
    )
    first, second = groups

    assert [len(session.taking_part) for session in groups] == [4, 6]
    assert {session.capacity for session in groups} == {8}
    assert "patient@demo.test" in {each.patient.user.email for each in first.taking_part}
    assert second.participants.count() == 7  # one has cancelled for themselves
    assert Session.objects.filter(kind="couple", capacity=2).exists()
    assert [session for session in Session.objects.filter(kind="couple") if len(session.taking_part) == 2]
