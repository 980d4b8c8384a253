"""Refresh tokens: each once, one winner, reuse ends the family."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEvent, Device, RefreshToken
from accounts.services.tokens import Client, open_device, purge_expired_devices
from tests.accounts.letters import deliver_letters
from tests.factories import PatientFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return PatientFactory().user


@pytest.fixture
def pair(user):
    return open_device(user=user, client=Client(user_agent="phone", ip="127.0.0.1"))


def refresh(api, token: str, user_agent: str = "phone", ip: str = "127.0.0.1"):
    return api.post(
        "/api/auth/refresh", {"refresh": token}, format="json", HTTP_USER_AGENT=user_agent, REMOTE_ADDR=ip
    )


def test_a_refresh_token_gives_the_next_pair(api, pair):
    answer = refresh(api, pair.refresh)

    data = answer.json()["data"]
    assert set(data) == {"access", "refresh", "expires_in"}
    assert data["refresh"] != pair.refresh
    assert api.get("/api/auth/me", HTTP_AUTHORIZATION=f"Bearer {data['access']}").status_code == 200
    assert refresh(api, data["refresh"]).status_code == 200


def test_no_token_is_kept_in_clear(api, pair):
    second = refresh(api, pair.refresh).json()["data"]["refresh"]

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM accounts_refreshtoken t")
        rows = "".join(row[0] for row in cursor.fetchall())
    assert pair.refresh not in rows
    assert second not in rows


def test_the_same_client_that_lost_the_answer_gets_it_again(api, pair):
    first = refresh(api, pair.refresh).json()["data"]["refresh"]
    again = refresh(api, pair.refresh)

    assert again.status_code == 200
    assert again.json()["data"]["refresh"] == first
    assert RefreshToken.objects.count() == 2


@pytest.mark.parametrize("stranger", [{"user_agent": "another"}, {"ip": "203.0.113.9"}])
def test_another_client_with_the_same_token_ends_the_family(api, pair, user, stranger):
    successor = refresh(api, pair.refresh).json()["data"]

    stolen = refresh(api, pair.refresh, **stranger)

    assert stolen.json()["error"]["code"] == "NOT_AUTHENTICATED"
    assert refresh(api, successor["refresh"]).status_code == 401
    assert api.get("/api/auth/me", HTTP_AUTHORIZATION=f"Bearer {successor['access']}").status_code == 401
    device = Device.objects.get(user=user)
    assert device.revoked_because == "token_reused"
    assert AuditEvent.objects.filter(action="device.revoked", object_id=device.pk).count() == 1
    (letter,) = deliver_letters()
    assert letter.to == [user.email]
    assert "signed out one of your devices" in letter.subject


def test_a_token_that_comes_back_late_ends_the_family(api, pair, time_machine):
    now = timezone.now()
    time_machine.move_to(now, tick=False)
    successor = refresh(api, pair.refresh).json()["data"]["refresh"]
    time_machine.move_to(now + timedelta(seconds=11), tick=False)

    assert refresh(api, pair.refresh).status_code == 401
    assert refresh(api, successor).status_code == 401


def test_a_token_whose_successor_was_used_ends_the_family_at_once(api, pair):
    second = refresh(api, pair.refresh).json()["data"]["refresh"]
    third = refresh(api, second).json()["data"]["refresh"]

    assert refresh(api, pair.refresh).status_code == 401
    assert refresh(api, third).status_code == 401


def test_reuse_ends_one_device_and_not_the_others(api, pair, user):
    other = open_device(user=user, client=Client(user_agent="laptop", ip=None))
    refresh(api, pair.refresh)

    refresh(api, pair.refresh, user_agent="thief")

    assert refresh(api, other.refresh, user_agent="laptop").status_code == 200


def test_a_week_without_a_refresh_ends_the_sign_in(api, pair, time_machine):
    time_machine.move_to(timezone.now() + timedelta(days=7, seconds=1), tick=False)

    assert refresh(api, pair.refresh).status_code == 401
    assert not Device.objects.exclude(revoked_at=None).exists(), "late is not stolen"


def test_a_family_ends_after_thirty_days_however_often_it_was_refreshed(api, pair, time_machine):
    start, token = timezone.now(), pair.refresh
    for day in (6, 12, 18, 24, 29):
        time_machine.move_to(start + timedelta(days=day), tick=False)
        token = refresh(api, token).json()["data"]["refresh"]

    time_machine.move_to(start + timedelta(days=30, seconds=1), tick=False)

    assert refresh(api, token).status_code == 401


@pytest.mark.parametrize(
    "token", ["", "x", "x" * 43, "x" * 101, "ü" * 43, None, 7, ["x"], "\x00" * 43, "\ud800" * 43]
)
def test_rubbish_is_refused(api, token):
    answer = (
        refresh(api, token)
        if not isinstance(token, str) or "\ud800" not in token
        else api.post(
            "/api/auth/refresh",
            data=b'{"refresh": "' + b"\\ud800" * 43 + b'"}',
            content_type="application/json",
        )
    )

    assert answer.status_code in (400, 401)


def test_a_refresh_says_where_the_device_was_last_seen(api, pair, user):
    refresh(api, pair.refresh, user_agent="phone 2", ip="203.0.113.9")

    device = Device.objects.get(user=user)
    assert (device.user_agent, device.ip) == ("phone 2", "203.0.113.9")
    assert device.last_seen_at > device.created_at


def test_what_has_run_out_is_forgotten_and_what_has_not_stays(api, pair, time_machine):
    refresh(api, pair.refresh)
    start = timezone.now()

    time_machine.move_to(start + timedelta(days=6), tick=False)
    assert purge_expired_devices() == 0
    time_machine.move_to(start + timedelta(days=31), tick=False)
    assert purge_expired_devices() == 3
    assert not Device.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_twenty_parallel_refreshes_one_makes_the_successor(pair, settings):
    """Real threads, each with its own connection; all ask at the same moment."""
    from rest_framework.test import APIClient

    gate, answers = threading.Barrier(20), []

    def ask() -> None:
        try:
            gate.wait()
            answers.append(refresh(APIClient(), pair.refresh))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["data"]["refresh"] for answer in answers}) == 1
    assert RefreshToken.objects.filter(parent__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_twenty_parallel_thieves_and_owner_nobody_keeps_the_family(pair):
    from rest_framework.test import APIClient

    gate, answers = threading.Barrier(20), []

    def ask(number: int) -> None:
        try:
            gate.wait()
            answers.append(refresh(APIClient(), pair.refresh, user_agent=f"client {number}"))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    winners = [answer for answer in answers if answer.status_code == 200]
    assert len(winners) == 1
    assert Device.objects.get().revoked_because == "token_reused"
    assert refresh(APIClient(), winners[0].json()["data"]["refresh"]).status_code == 401
