"""Accounts in the console: the site's own sign-in, each role's limits, every change by a service."""

import re

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from accounts.models import AuditEvent, Centre, CounselorProfile, Device, PatientProfile, User
from accounts.roles import Role
from tests.accounts.letters import deliver_letters
from tests.factories import CounselorFactory, DeviceFactory, PatientFactory

pytestmark = pytest.mark.django_db

NEW_STAFF = {
    "first_name": "Noor", "last_name": "Khan", "email": "Noor@example.test", "phone": "", "username": "noor.khan",
    "role": "front_desk", "timezone": "Asia/Kolkata",
}  # fmt: skip


@pytest.fixture
def console(client, cast):
    """`console(user)` is a browser in which `user` is signed in."""

    def signed_in(user):
        client.force_login(user)
        return client

    return signed_in


def messages_of(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def change(client, user, **values):
    """Sends the account's form as it is, with these values changed."""
    user = User.objects.get(pk=user.pk)
    form = {
        "first_name": user.first_name, "last_name": user.last_name, "phone": user.phone or "", "role": user.role,
        "is_active": "on" if user.is_active else "",
        "centres": [str(pk) for pk in user.staff_centres.values_list("centre", flat=True)],
    }  # fmt: skip
    url = reverse("admin:accounts_user_change", args=[user.pk])
    return client.post(url, {k: v for k, v in (form | values).items() if v != ""}, follow=True)


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/accounts/user/"])
def test_the_console_signs_in_through_the_sites_own_page(client, cast, path):
    answer = client.get(path, follow=True)

    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=/admin/")
    assert b'name="login"' in answer.content


@pytest.mark.parametrize("role", ["patient", "counselor", "front_desk", "care_coordinator", "centre_manager"])
def test_only_managers_and_admins_come_in(console, cast, role):
    client = console(cast.of_role(role))

    assert client.get("/admin/", follow=True).status_code == 403
    assert client.get("/admin/login/?next=/admin/").status_code == 403
    assert client.post("/admin/accounts/user/add/", NEW_STAFF, follow=True).status_code == 403
    assert not User.objects.filter(username="noor.khan").exists()


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_every_page_of_this_app_opens(console, cast, role):
    device = DeviceFactory(user=cast.a.patient)
    client = console(cast.of_role(role))
    rows = {
        "user": cast.a.front_desk.pk, "patientprofile": cast.a.patient.pk, "counselorprofile": cast.a.counselor.pk,
        "centre": cast.a.centre.pk, "device": device.pk,
        "carerelationship": cast.a.patient.patient_profile.care_relationships.get().pk,
    }  # fmt: skip

    assert client.get("/admin/").status_code == 200
    for model, pk in rows.items():
        assert client.get(f"/admin/accounts/{model}/").status_code == 200, model
        assert client.get(f"/admin/accounts/{model}/?q=a").status_code == 200, model
        assert client.get(f"/admin/accounts/{model}/{pk}/change/").status_code == 200, model
    for model in ("user", "patientprofile", "counselorprofile", "centre"):
        assert client.get(f"/admin/accounts/{model}/add/").status_code == 200, model


def test_nothing_of_the_libraries_that_writes_past_the_services_is_there():
    registered = {model._meta.label for model in admin.site._registry}

    assert "account.EmailAddress" not in registered
    assert "auth.Group" not in registered
    assert {"accounts.User", "accounts.Centre", "accounts.AuditEvent"} <= registered


def test_a_manager_makes_staff_who_choose_their_own_password(console, cast):
    client = console(cast.manager)

    answer = client.post("/admin/accounts/user/add/", NEW_STAFF | {"centres": [str(cast.a.centre.pk)]})

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    user = User.objects.get(email="noor@example.test")
    assert (user.role, user.username, user.phone) == ("front_desk", "noor.khan", None)
    assert not user.has_usable_password()
    assert [place.centre for place in user.staff_centres.all()] == [cast.a.centre]
    assert AuditEvent.objects.filter(action="account.created.front_desk", actor_id=cast.manager.pk).exists()
    assert not LogEntry.objects.exists(), "names are not copied into a second log"
    (letter,) = deliver_letters()
    assert letter.subject == "Your account is ready"

    link = re.search(r"/accounts/password/reset/key/\S+", letter.body)[0]
    client.logout()
    page = client.get(link, follow=True)
    client.post(
        page.redirect_chain[-1][0], {"password1": "a-brand-new-secret", "password2": "a-brand-new-secret"}
    )
    user.refresh_from_db()
    assert user.check_password("a-brand-new-secret")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": ""}, None),
        ({"email": "manager@example.test"}, "email"),
        ({"phone": "123"}, "phone"),
        ({"username": "Not A Name"}, "username"),
        ({"role": "patient"}, "role"),
        ({"role": "admin"}, "role"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(console, cast, values, field):
    answer = console(cast.manager).post("/admin/accounts/user/add/", NEW_STAFF | values)

    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors
    assert (field or "__all__") in errors, errors
    assert not User.objects.filter(username="noor.khan").exists()


def test_centre_staff_without_a_centre_are_refused_and_told_why(console, cast):
    answer = console(cast.manager).post("/admin/accounts/user/add/", NEW_STAFF, follow=True)

    assert not User.objects.filter(username="noor.khan").exists()
    assert messages_of(answer)


def test_a_manager_cannot_see_or_touch_admins_nor_make_one(console, cast):
    client = console(cast.manager)

    assert "admin@example.test" not in client.get("/admin/accounts/user/").content.decode()
    change(client, cast.admin, first_name="Mallory")
    change(client, cast.a.front_desk, role="admin")
    client.post(
        "/admin/accounts/user/", {"action": "close", "_selected_action": [str(cast.admin.pk)]}, follow=True
    )

    cast.admin.refresh_from_db()
    assert (cast.admin.first_name == "Mallory", cast.admin.is_active) == (False, True)
    assert User.objects.get(pk=cast.a.front_desk.pk).role == "front_desk"


def test_a_change_of_role_and_centre_goes_through_the_services(console, cast):
    device = DeviceFactory(user=cast.a.front_desk)

    change(
        console(cast.admin),
        cast.a.front_desk,
        role="care_coordinator",
        centres=[str(cast.b.centre.pk)],
        first_name="New",
    )

    user = User.objects.get(pk=cast.a.front_desk.pk)
    assert (user.role, user.first_name, user.security_version) == ("care_coordinator", "New", 2)
    assert [place.centre for place in user.staff_centres.all()] == [cast.b.centre]
    device.refresh_from_db()
    assert device.revoked_because == "security_change"
    codes = set(AuditEvent.objects.filter(actor_id=cast.admin.pk).values_list("action", flat=True))
    assert codes == {
        "account.profile_changed", "account.role_set.care_coordinator", "centre.staff_assigned", "centre.staff_removed",
    }  # fmt: skip


def test_a_page_session_ends_with_the_account_it_belongs_to(console, cast, client):
    from django.test import Client

    desk = Client()
    desk.force_login(cast.a.front_desk)
    assert desk.get("/settings/profile").status_code == 200

    change(console(cast.manager), cast.a.front_desk, is_active="")

    assert desk.get("/settings/profile").status_code == 302
    assert not User.objects.get(pk=cast.a.front_desk.pk).is_active


def test_the_last_admin_stays(console, cast):
    client = console(cast.admin)

    answer = change(client, cast.admin, role="manager")

    assert "This is the last admin." in messages_of(answer)[0]
    assert User.objects.get(pk=cast.admin.pk).role == "admin"


def test_accounts_are_closed_opened_and_signed_out_together(console, cast):
    client = console(cast.admin)
    chosen = [str(cast.a.patient.pk), str(cast.b.patient.pk)]

    def act(name):
        return client.post("/admin/accounts/user/", {"action": name, "_selected_action": chosen}, follow=True)

    act("close")
    assert not User.objects.filter(pk__in=chosen, is_active=True).exists()
    act("open_again")
    assert User.objects.filter(pk__in=chosen, is_active=True).count() == 2
    act("sign_out")
    assert set(User.objects.filter(pk__in=chosen).values_list("security_version", flat=True)) == {3}
    assert "delete_selected" not in client.get("/admin/accounts/user/").content.decode()
    assert client.post(f"/admin/accounts/user/{chosen[0]}/delete/", {"post": "yes"}).status_code == 403


def test_a_counselor_is_made_here_and_listed_only_after_approval(console, cast):
    client = console(cast.manager)

    answer = client.post(
        "/admin/accounts/counselorprofile/add/",
        {
            "first_name": "Lena", "last_name": "Roy", "email": "lena@example.test", "phone": "",
            "timezone": "Asia/Kolkata", "primary_centre": str(cast.b.centre.pk), "license_number": "RCI-1",
            "title": "Psychologist", "bio": "Calm.", "specializations": "anxiety\nsleep", "qualifications": "",
            "languages": "en\nhi", "years_of_experience": "5",
        },
    )  # fmt: skip

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    counselor = CounselorProfile.objects.get(user__email="lena@example.test")
    assert (counselor.specializations, counselor.user.role, counselor.is_approved) == (
        ["anxiety", "sleep"],
        "counselor",
        False,
    )
    assert counselor not in CounselorProfile.objects.listed()
    client.post(
        f"/admin/accounts/counselorprofile/{counselor.pk}/change/",
        {"is_approved": "on", "years_of_experience": "6", "is_accepting": "on"},
    )
    counselor.refresh_from_db()
    assert (counselor.is_approved, counselor.years_of_experience) == (False, 6)

    client.post(
        "/admin/accounts/counselorprofile/",
        {"action": "approve", "_selected_action": [str(counselor.pk)]},
        follow=True,
    )
    assert counselor in CounselorProfile.objects.listed()
    assert AuditEvent.objects.filter(action="counselor.approved", object_id=counselor.pk).count() == 1


def test_a_patient_with_a_phone_only_is_taken_on(console, cast):
    client = console(cast.manager)

    answer = client.post(
        "/admin/accounts/patientprofile/add/",
        {"first_name": "Walk", "phone": "+919812345678", "timezone": "UTC", "centre": str(cast.a.centre.pk)},
    )

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    patient = PatientProfile.objects.get(user__phone="+919812345678")
    assert [place.centre for place in patient.patient_centres.all()] == [cast.a.centre]
    assert patient in PatientProfile.objects.visible_to(cast.a.front_desk)


def test_a_patients_profile_is_changed_with_a_trace(console, cast):
    patient = PatientFactory()

    answer = console(cast.manager).post(
        f"/admin/accounts/patientprofile/{patient.pk}/change/",
        {"gender": "man", "is_anonymous": "on", "alias": "Grey Finch"},
    )

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    patient.refresh_from_db()
    assert (patient.gender, patient.alias) == ("man", "Grey Finch")
    assert AuditEvent.objects.filter(action="account.profile_changed", patient_id=patient.pk).exists()


def test_centres_are_made_changed_closed_and_removed_by_the_services(console, cast):
    client = console(cast.manager)
    values = {"name": "Hill", "city": "Shimla", "timezone": "Asia/Kolkata"}

    client.post("/admin/accounts/centre/add/", values)
    centre = Centre.objects.get(name="Hill")
    client.post(f"/admin/accounts/centre/{centre.pk}/change/", values | {"city": "Solan"})
    client.post("/admin/accounts/centre/", {"action": "close", "_selected_action": [str(centre.pk)]})
    centre.refresh_from_db()
    assert (centre.city, centre.is_active) == ("Solan", False)
    client.post(f"/admin/accounts/centre/{centre.pk}/delete/", {"post": "yes"})
    client.post(f"/admin/accounts/centre/{cast.a.centre.pk}/delete/", {"post": "yes"})

    assert set(Centre.objects.all()) == {cast.a.centre, cast.b.centre}
    codes = list(
        AuditEvent.objects.filter(object_id=centre.pk).order_by("id").values_list("action", flat=True)
    )
    assert codes == ["centre.created", "centre.changed", "centre.closed", "centre.deleted"]


def test_devices_are_signed_out_here(console, cast):
    mine, admins = DeviceFactory(user=cast.a.patient), DeviceFactory(user=cast.admin)

    console(cast.manager).post(
        "/admin/accounts/device/", {"action": "revoke", "_selected_action": [str(mine.pk), str(admins.pk)]}
    )

    assert Device.objects.get(pk=mine.pk).revoked_because == "signed_out"
    assert Device.objects.get(pk=admins.pk).revoked_at is None


class TestAuditTrail:
    @pytest.fixture(autouse=True)
    def trail(self, cast):
        from accounts.services.centres import update_centre

        update_centre(centre=cast.a.centre, values={"city": "Pune"}, actor=cast.a.centre_manager)

    def test_admins_read_it(self, console, cast):
        page = console(cast.admin).get("/admin/accounts/auditevent/").content.decode()

        assert "centre.changed" in page
        assert cast.a.centre_manager.full_name in page

    def test_managers_do_not(self, console, cast):
        assert console(cast.manager).get("/admin/accounts/auditevent/").status_code == 403

    @pytest.mark.parametrize(
        ("query", "found"),
        [("about=centre", True), ("about=session", False), ("q=centre.changed", True), ("q=nothing", False),
         ("q=ID", True), ("object_type=accounts.user", False), ("about=%25", True)],
    )  # fmt: skip
    def test_it_is_filtered_and_searched(self, console, cast, query, found):
        query = query.replace("ID", str(cast.a.centre.pk))

        page = console(cast.admin).get(f"/admin/accounts/auditevent/?{query}")

        assert page.status_code == 200
        assert (cast.a.centre_manager.full_name in page.content.decode()) == found

    def test_nobody_changes_or_adds_to_it(self, console, cast):
        event, client = AuditEvent.objects.get(), console(cast.admin)

        assert client.get("/admin/accounts/auditevent/add/").status_code == 403
        assert (
            client.post(f"/admin/accounts/auditevent/{event.pk}/delete/", {"post": "yes"}).status_code == 403
        )
        client.post(f"/admin/accounts/auditevent/{event.pk}/change/", {"action": "nothing"})
        assert AuditEvent.objects.get().action == "centre.changed"


def test_unapproved_counselors_come_first(console, cast):
    waiting = CounselorFactory(unapproved=True, user__first_name="Zz")

    rows = console(cast.manager).get("/admin/accounts/counselorprofile/").context["cl"].result_list

    assert rows[0] == waiting
    assert waiting.user.role == Role.COUNSELOR


def test_the_policy_that_unfold_needs_is_the_consoles_alone(console, cast):
    client = console(cast.admin)

    assert "'unsafe-eval'" in client.get("/admin/")["Content-Security-Policy"]
    for path in ("/", "/settings/profile", "/accounts/login/", "/help-now"):
        policy = client.get(path)["Content-Security-Policy"]
        assert "unsafe" not in policy, path
