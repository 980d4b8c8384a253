"""Signing up, in and out over the API."""

import pytest
from django.core import mail

from accounts.models import AuditEvent, Device, PatientProfile, User
from accounts.roles import Role
from core import outbox
from core.models import OutboxEntry
from tests.factories import PASSWORD, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

NEW_PATIENT = {
    "email": "Asha@Example.test",
    "password": "a-quiet-morning-walk",
    "first_name": "Asha",
    "last_name": "Rao",
    "timezone": "Asia/Kolkata",
}


def deliver_letters() -> list[str]:
    """Does what the relay and the worker do; the subjects of what was sent."""
    mail.outbox.clear()
    for entry in OutboxEntry.objects.filter(done_at=None):
        outbox.deliver(entry.pk)
    return [message.subject for message in mail.outbox]


def test_signing_up_makes_a_patient_who_is_signed_in(api):
    answer = api.post("/api/auth/signup", NEW_PATIENT, format="json")

    assert answer.status_code == 201, answer.content
    data = answer.json()["data"]
    assert data["user"]["role"] == "patient"
    assert data["user"]["timezone"] == "Asia/Kolkata"
    assert data["expires_in"] == 900
    user = User.objects.get(email="asha@example.test")
    assert PatientProfile.objects.filter(pk=user.pk).exists()
    assert AuditEvent.objects.filter(action="account.signed_up", object_id=user.pk).exists()
    assert OutboxEntry.objects.filter(event="account.signed_up", payload={"user": str(user.pk)}).exists()
    me = api.get("/api/auth/me", HTTP_AUTHORIZATION=f"Bearer {data['access']}")
    assert me.json()["data"]["display_name"] == "Asha Rao"
