"""The settings pages, through the browser's door."""

import pytest

from accounts.models import User

pytestmark = pytest.mark.django_db

PREFERENCES = {"language": "en", "timezone": "Australia/Lord_Howe", "theme": "dark", "font_size": "large"}


@pytest.mark.parametrize("role", ["patient", "counselor", "front_desk", "manager"])
def test_preferences_change_the_page(client, cast, role):
    user = cast.of_role(role)
    client.force_login(user)

    answer = client.post("/settings/preferences", PREFERENCES, follow=True)

    page = answer.content.decode()
    assert answer.redirect_chain == [("/settings/preferences", 302)]
    assert 'data-bs-theme="dark"' in page
    assert 'data-font-size="large"' in page
    assert User.objects.get(pk=user.pk).timezone == "Australia/Lord_Howe"


@pytest.mark.parametrize("path", ["/settings/preferences", "/settings/profile"])
def test_settings_lead_visitors_to_sign_in(client, path):
    answer = client.get(path)

    assert answer.status_code == 302
    assert answer.url == f"/accounts/login/?next={path}"


def test_a_zone_that_does_not_exist_is_refused_beside_its_field(client, cast):
    client.force_login(cast.stranger)

    answer = client.post("/settings/preferences", PREFERENCES | {"timezone": "Mars/Olympus"})

    assert answer.status_code == 422
    assert "timezone" in answer.context["form"].errors
    assert User.objects.get(pk=cast.stranger.pk).timezone == "UTC"


def test_a_patient_changes_their_profile(client, cast):
    client.force_login(cast.stranger)

    answer = client.post(
        "/settings/profile",
        {"first_name": "Meera", "last_name": "Iyer", "phone": "+919812345678", "date_of_birth": "1990-05-01"},
    )

    assert answer.status_code == 302, answer.context["form"].errors
    user = User.objects.get(pk=cast.stranger.pk)
    assert (user.full_name, user.phone) == ("Meera Iyer", "+919812345678")
    assert str(user.patient_profile.date_of_birth) == "1990-05-01"
    assert client.get("/settings/profile").status_code == 200, (
        "a new phone must not end the page that gave it"
    )


def test_a_new_phone_number_ends_other_page_sessions(client, cast):
    from django.test import Client

    other = Client()
    other.force_login(cast.stranger)
    client.force_login(cast.stranger)

    client.post("/settings/profile", {"first_name": "A", "last_name": "B", "phone": "+919812345678"})

    assert other.get("/settings/profile").status_code == 302


def test_anonymous_without_an_alias_is_refused_with_a_sentence(client, cast):
    client.force_login(cast.stranger)

    answer = client.post("/settings/profile", {"first_name": "A", "last_name": "B", "is_anonymous": "on"})

    assert answer.status_code == 422
    assert "Choose a name that counselors will see" in answer.content.decode()


def test_a_taken_phone_number_is_refused_beside_its_field(client, cast):
    User.objects.filter(pk=cast.a.patient.pk).update(phone="+919812345678")
    client.force_login(cast.stranger)

    answer = client.post("/settings/profile", {"first_name": "A", "last_name": "B", "phone": "+919812345678"})

    assert answer.status_code == 422
    assert "phone" in answer.context["form"].errors


def test_a_counselor_cannot_approve_themselves(client, cast):
    profile = cast.a.counselor.counselor_profile
    type(profile).objects.filter(pk=profile.pk).update(is_approved=False)
    client.force_login(cast.a.counselor)

    client.post(
        "/settings/profile",
        {
            "first_name": "Dr", "last_name": "Who", "specializations": "anxiety\n\n grief \nanxiety",
            "languages": "en", "years_of_experience": "9", "is_accepting": "on", "is_approved": "on",
            "rating_average": "5", "role": "admin", "is_active": "on", "primary_centre": str(cast.b.centre.pk),
        },
    )  # fmt: skip

    profile.refresh_from_db()
    assert profile.specializations == ["anxiety", "grief"]
    assert not profile.is_approved
    assert profile.rating_average is None
    assert profile.primary_centre == cast.a.centre
    assert User.objects.get(pk=profile.pk).role == "counselor"
