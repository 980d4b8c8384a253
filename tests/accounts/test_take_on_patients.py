"""The desk looks for whoever stands there, and takes them on when they are new; nobody gets a second account."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.models import AuditEvent, PatientCentre, PatientProfile, User
from accounts.services.people import NewAccount
from accounts.services.register import take_on_patient
from core.errors import Conflict
from tests.cast import signed_in_client
from tests.factories import CareRelationshipFactory, CentreFactory, PatientFactory, StaffFactory
from tests.sessions_app.clinic import done, refused

pytestmark = pytest.mark.django_db
PHONE = "+4915112345678"


@pytest.fixture
def desk(cast):
    return signed_in_client(cast.a.front_desk)


def person(first="Robin", last="Vale", **user):
    return PatientFactory(
        user__first_name=first,
        user__last_name=last,
        **{f"user__{name}": value for name, value in user.items()},
    )


def at(centre, patient):
    PatientCentre.objects.create(patient=patient, centre=centre)
    return patient


def take_on(client, centre, **body):
    wanted = {"first_name": "Robin", "last_name": "Vale", "centre": str(centre.pk)} | body
    return client.post("/api/patients", wanted, format="json")


def found(client, text):
    return {row["id"] for row in done(client.get("/api/patients", {"q": text}))}


# --- Search --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "robin",
        "VALE",
        "vale rob",
        "robin.v",
        "+49 151 1234 5678",
        "0151-12345678",
        "004915112345678",
        "12345678",
    ],
)
def test_words_and_numbers_find_a_patient(cast, desk, text):
    patient = at(cast.a.centre, person(email="robin.v@example.test", phone=PHONE))
    at(cast.a.centre, person("Robert", "Vane", email="other@example.test"))
    assert found(desk, text) == {str(patient.pk)}


def test_an_id_finds_its_patient_and_every_word_has_to_fit(cast, desk):
    patient = at(cast.a.centre, person())
    assert found(desk, str(patient.pk)) == {str(patient.pk)}
    assert found(desk, "robin nobody") == set()
    assert found(desk, "%") == set()


def test_only_ones_own_register_is_searched(cast, desk):
    elsewhere = at(cast.b.centre, person(phone=PHONE))
    for text in ("robin", PHONE, str(elsewhere.pk), elsewhere.user.email):
        assert found(desk, text) == set()
    assert found(signed_in_client(cast.manager), "robin vale") == {str(elsewhere.pk)}


def test_a_counselor_finds_an_anonymous_patient_by_the_alias_alone(cast, desk):
    patient = at(cast.a.centre, person(phone=PHONE))
    PatientProfile.objects.filter(pk=patient.pk).update(is_anonymous=True, alias="Quiet Heron")
    CareRelationshipFactory(patient=patient, counselor=cast.a.counselor.counselor_profile)
    counselor = signed_in_client(cast.a.counselor)
    for text in ("robin", "vale", PHONE, patient.user.email, str(patient.pk)):
        assert found(counselor, text) == set()
    (row,) = done(counselor.get("/api/patients", {"q": "heron"}))
    assert row == {
        "id": str(patient.pk),
        "display_name": "Quiet Heron",
        **dict.fromkeys(("email", "phone", "date_of_birth")),
    }
    assert found(desk, "robin") == found(desk, "heron") == {str(patient.pk)}


def test_a_list_takes_the_same_queries_whatever_its_length(cast, desk, django_assert_max_num_queries):
    for number in range(5):
        at(cast.a.centre, person("Robin", f"Vale {number}"))
    with django_assert_max_num_queries(5):
        assert len(done(desk.get("/api/patients", {"q": "robin"}))) == 5


# --- Whoever is new ------------------------------------------------------------------------------------------


def test_a_phone_number_alone_is_enough(cast, desk):
    shown = done(take_on(desk, cast.a.centre, phone=PHONE), 201)

    user = User.objects.get(pk=shown["id"])
    assert (user.role, user.email, user.phone, user.timezone) == ("patient", None, PHONE, "Asia/Kolkata")
    assert not user.has_usable_password()
    event = AuditEvent.objects.get(object_id=user.pk, action="account.created.patient")
    assert (event.actor_id, event.centre_id) == (cast.a.front_desk.pk, cast.a.centre.pk)
    assert found(desk, "robin vale") == {shown["id"]}


@pytest.mark.parametrize(
    "body", [{}, {"phone": "0151"}, {"email": "no address"}, {"phone": PHONE, "first_name": ""}]
)
def test_what_is_missing_or_wrong_is_said(cast, desk, body):
    refused(take_on(desk, cast.a.centre, **body), 400, "VALIDATION_ERROR")
    assert not User.objects.filter(last_name="Vale").exists()


@pytest.mark.parametrize("contact", [{"phone": PHONE}, {"email": "Robin@Example.test"}])
def test_who_is_on_the_register_is_named_and_not_made_again(cast, desk, contact):
    kept = {"phone": PHONE} if "phone" in contact else {"email": "robin@example.test"}
    patient = at(cast.a.centre, person("Roberta", "Vale-Smith", **kept))
    error = refused(take_on(desk, cast.a.centre, is_someone_else=True, **contact), 409, "CONFLICT")
    (named,) = error["details"]["patients"]
    assert (named["id"], named["display_name"]) == (str(patient.pk), "Roberta Vale-Smith")


def test_a_namesake_is_named_until_it_is_said_to_be_somebody_else(cast, desk):
    namesake = at(cast.a.centre, person("ROBIN", "vale"))
    error = refused(take_on(desk, cast.a.centre, phone=PHONE), 409, "CONFLICT")
    assert [one["id"] for one in error["details"]["patients"]] == [str(namesake.pk)]
    done(take_on(desk, cast.a.centre, phone=PHONE, is_someone_else=True), 201)


def test_a_namesake_at_another_centre_is_nobodys_business(cast, desk):
    at(cast.b.centre, person())
    done(take_on(desk, cast.a.centre, phone=PHONE), 201)


def test_who_has_an_account_and_is_new_here_is_put_on_the_register(cast, desk):
    patient = at(cast.b.centre, person("Robin", "Vale", phone=PHONE))
    shown = done(take_on(desk, cast.a.centre, first_name=" robin", last_name="VALE ", phone=PHONE), 201)
    assert shown["id"] == str(patient.pk)
    assert set(patient.centres.all()) == {cast.a.centre, cast.b.centre}
    assert AuditEvent.objects.filter(action="patient.taken_on", patient_id=patient.pk).count() == 1


def test_under_another_name_nothing_is_told_of_whose_it_is(cast, desk):
    person("Roberta", "Else", phone=PHONE, email="roberta@example.test")
    answer = take_on(desk, cast.a.centre, phone=PHONE)
    assert set(refused(answer, 400, "VALIDATION_ERROR")["details"]) == {"phone"}
    assert "Roberta" not in answer.content.decode()
    refused(take_on(desk, cast.a.centre, email="roberta@example.test"), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("who", ["staff", "deactivated", "two"])
def test_an_account_that_is_no_living_patients_is_not_put_on_the_register(cast, desk, who):
    if who == "staff":
        StaffFactory(role="manager", first_name="Robin", last_name="Vale", phone=PHONE)
    else:
        person(phone=PHONE, is_active=who != "deactivated")
    if who == "two":
        person(email="robin@example.test")
    refused(take_on(desk, cast.a.centre, phone=PHONE, email="robin@example.test"), 400, "VALIDATION_ERROR")
    assert not PatientCentre.objects.filter(centre=cast.a.centre, patient__user__last_name="Vale").exists()


@pytest.mark.parametrize(("role", "status"), [("patient", 403), ("counselor", 403), ("manager", 201)])
def test_the_desk_takes_people_on_and_nobody_else(cast, role, status):
    answer = take_on(signed_in_client(cast.of_role(role)), cast.a.centre, phone=PHONE)
    assert answer.status_code == status


def test_not_at_another_centre(cast, desk):
    refused(take_on(desk, cast.b.centre, phone=PHONE), 403, "PERMISSION_DENIED")


@pytest.mark.django_db(transaction=True)
def test_eight_desks_that_take_on_one_person_at_once_make_one_account():
    centre = CentreFactory()
    desks = [StaffFactory(role="front_desk", centre=centre) for _ in range(8)]
    at_once = Barrier(8)

    def attempt(desk):
        try:
            at_once.wait(20)
            account = NewAccount(first_name="Robin", last_name="Vale", phone=PHONE)
            return take_on_patient(account=account, centre=centre, actor=desk).pk
        except Conflict as refusal:
            return refusal.details["patients"][0]["id"]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(attempt, desks))
    assert answers == {User.objects.get(phone=PHONE).pk}
