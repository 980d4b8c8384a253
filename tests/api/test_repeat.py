"""Idempotency-Key, over HTTP, with real connections."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import pytest
from django.db import IntegrityError, connection
from rest_framework.test import APIClient

from accounts.models import Centre
from core.api.idempotency import purge_expired_keys
from core.models import IdempotencyKey
from tests.api.test_fail import failure
from tests.api.views import Plans

pytestmark = pytest.mark.django_db(transaction=True)


def post(user, key, body, path="/api/plans"):
    client = APIClient()
    client.force_authenticate(user)
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(path, body, format="json", headers=headers)


def age_all(hours):
    from django.db.models import F

    IdempotencyKey.objects.update(created_at=F("created_at") - dt.timedelta(hours=hours))


def test_the_same_request_again_gets_the_same_bytes_and_does_nothing(patient):
    first = post(patient, "k", {"name": "x"})
    again = post(patient, "k", {"name": "x"})
    assert (first.status_code, first.headers.get("Idempotent-Replayed")) == (201, None)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.content == first.content
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers["Cache-Control"] == "no-store"
    assert Centre.objects.count() == 1


def test_the_order_and_spacing_of_the_fields_do_not_matter(patient):
    client = APIClient()
    client.force_authenticate(patient)
    bodies = [
        '{"name":"x","start":"2026-12-01T09:00:00Z"}',
        '{ "start": "2026-12-01T09:00:00Z", "name": "x" }',
    ]
    answers = [
        client.generic("POST", "/api/plans", body, "application/json", headers={"Idempotency-Key": "k"})
        for body in bodies
    ]
    assert answers[0].content == answers[1].content


def test_the_same_key_for_another_body_is_a_conflict(patient):
    post(patient, "k", {"name": "x"})
    failure(post(patient, "k", {"name": "y"}), 409, "CONFLICT")
    assert Centre.objects.count() == 1


def test_keys_belong_to_their_user_and_their_address(patient, stranger):
    first = post(patient, "k", {"name": "x"})
    others = [post(stranger, "k", {"name": "x"}), post(patient, "k", {"name": "x"}, path="/api/other-plans")]
    assert [other.status_code for other in others] == [201, 201]
    assert len({first.content, *(other.content for other in others)}) == 3


def test_without_a_key_every_request_is_a_new_one(patient):
    post(patient, None, {"name": "x"})
    post(patient, None, {"name": "x"})
    assert Centre.objects.count() == 2
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ", "a\tb"])
def test_a_key_is_printable_ascii_of_bounded_length(patient, key):
    details = failure(post(patient, key, {"name": "x"}), 400, "VALIDATION_ERROR")["details"]
    assert list(details) == ["Idempotency-Key"]
    assert not Centre.objects.exists()


def test_the_longest_key_works(patient):
    assert post(patient, "~" * 255, {"name": "x"}).status_code == 201
    assert post(patient, "~" * 255, {"name": "x"}).headers["Idempotent-Replayed"] == "true"


def test_a_refusal_leaves_nothing_and_may_be_tried_again(patient):
    failure(post(patient, "k", {"name": "refused"}), 409, "SLOT_TAKEN")
    assert not IdempotencyKey.objects.exists()
    assert not Centre.objects.exists()
    assert post(patient, "k", {"name": "x"}).status_code == 201


def test_a_body_that_is_refused_takes_no_key(patient):
    failure(post(patient, "k", {"name": ""}), 400, "VALIDATION_ERROR")
    assert not IdempotencyKey.objects.exists()


def test_a_visitor_gets_401_and_takes_no_key(db):
    response = APIClient().post("/api/plans", {"name": "x"}, format="json", headers={"Idempotency-Key": "k"})
    failure(response, 401, "NOT_AUTHENTICATED")
    assert not IdempotencyKey.objects.exists()


def test_while_the_first_runs_the_second_is_told_to_wait(patient):
    Plans.entered.clear()
    Plans.may_go_on.clear()
    answers = []
    first = Thread(target=lambda: (answers.append(post(patient, "k", {"name": "slow"})), connection.close()))
    first.start()
    assert Plans.entered.wait(10)
    meanwhile = post(patient, "k", {"name": "slow"})
    Plans.may_go_on.set()
    first.join()
    failure(meanwhile, 409, "CONFLICT")
    assert meanwhile.headers["Retry-After"] == "1"
    assert answers[0].status_code == 201
    assert post(patient, "k", {"name": "slow"}).content == answers[0].content
    assert Centre.objects.count() == 1


def test_many_at_once_do_the_work_once(patient):
    def send(_):
        response = post(patient, "k", {"name": "x"})
        connection.close()
        return response

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(send, range(36)))
    done = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in done}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in done) == 1
    assert Centre.objects.count() == 1


def test_the_database_itself_keeps_a_key_to_one_row(patient):
    post(patient, "k", {"name": "x"})
    kept = IdempotencyKey.objects.get()
    with pytest.raises(IntegrityError):
        IdempotencyKey.objects.create(user_id=kept.user_id, route=kept.route, key=kept.key, fingerprint=b"")


def test_an_answer_is_kept_for_a_day(patient):
    first = post(patient, "k", {"name": "x"})
    age_all(hours=23)
    assert post(patient, "k", {"name": "x"}).content == first.content
    age_all(hours=2)
    assert post(patient, "k", {"name": "y"}).status_code == 201
    assert post(patient, "k", {"name": "y"}).headers["Idempotent-Replayed"] == "true"
    assert Centre.objects.count() == 2


def test_the_purge_removes_what_is_over_a_day_old(patient):
    post(patient, "old", {"name": "x"})
    age_all(hours=25)
    post(patient, "new", {"name": "x"})
    assert purge_expired_keys() == 1
    assert IdempotencyKey.objects.get().key == "new"


def test_a_key_costs_three_statements(patient, django_assert_num_queries):
    post(patient, "warm", {"name": "x"})
    with django_assert_num_queries(6):  # BEGIN, its lock, its answer if any, the work, the answer, COMMIT
        post(patient, "k", {"name": "x"})
