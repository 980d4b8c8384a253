"""The keys of sealed text: made once, cached briefly, rotated, destroyed (docs/encryption.md)."""

import base64
import uuid

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from core.crypto import environment, keys
from core.crypto.errors import DataKeyMissingError, EnvironmentKeyMissingError, SealError
from core.crypto.fields import Sealed
from core.crypto.sealing import KEY_BYTES
from core.ids import uuid7
from core.models import DataKey
from tests.core.diaries import column, environment_key


def test_a_key_is_made_once_and_read_once(diary_model, django_assert_num_queries):
    patient = uuid7()
    row = diary_model.objects.create(patient_id=patient, entry="1")
    keys.forget_all()
    connection.data_keys_made_in_transaction.clear()  # as if it had been committed by somebody else
    with django_assert_num_queries(2):
        read = diary_model.objects.get(pk=row.pk)
        assert read.entry == "1"
        assert read.entry == "1"
    with django_assert_num_queries(1):
        diary_model.objects.create(patient_id=patient, entry="2")
    assert DataKey.objects.count() == 1


def test_many_keys_are_fetched_in_one_query(diary_model, django_assert_num_queries):
    rows = [diary_model.objects.create(patient_id=uuid7(), entry=str(number)) for number in range(5)]
    connection.data_keys_made_in_transaction.clear()
    keys.forget_all()
    with django_assert_num_queries(2):
        read = list(diary_model.objects.filter(pk__in=[row.pk for row in rows]))
        keys.warm(row.patient_id for row in read)
        assert {row.entry for row in read} == {"0", "1", "2", "3", "4"}


def test_a_key_of_a_transaction_that_was_rolled_back_seals_nothing_more(diary_model):
    patient = uuid7()
    with transaction.atomic():
        diary_model.objects.create(patient_id=patient, entry="never happened")
        transaction.set_rollback(True)
    row = diary_model.objects.create(patient_id=patient, entry="happened")
    keys.forget_all()
    assert diary_model.objects.get(pk=row.pk).entry == "happened"


@pytest.mark.django_db(transaction=True)
def test_a_committed_key_is_kept_and_a_rolled_back_one_is_not():
    committed, rolled_back = uuid7(), uuid7()
    keys.forget_all()
    with transaction.atomic():
        key = keys.key_for_sealing(committed)
    with transaction.atomic():
        lost = keys.key_for_sealing(rolled_back)
        transaction.set_rollback(True)
    assert keys.key_for_sealing(committed) == key
    assert keys.key_for_sealing(rolled_back) != lost
    assert DataKey.objects.count() == 2


def test_destroying_the_key_destroys_the_text(diary_model):
    patient = uuid7()
    row = diary_model.objects.create(patient_id=patient, entry="erased", title="kept")
    other = diary_model.objects.create(patient_id=uuid7(), entry="untouched")
    assert keys.destroy(patient)
    assert not keys.destroy(patient)
    with pytest.raises(DataKeyMissingError):
        _ = diary_model.objects.get(pk=row.pk).entry
    assert diary_model.objects.get(pk=other.pk).entry == "untouched"
    left = diary_model.objects.get(pk=row.pk)
    left.title = "anonymised"
    left.save()


def test_reading_never_makes_a_key(db):
    with pytest.raises(DataKeyMissingError):
        keys.key_of(uuid.uuid4())
    assert not DataKey.objects.exists()


def test_a_wrapped_key_does_not_open_for_another_person(diary_model):
    row = diary_model.objects.create(patient_id=uuid7(), entry="mine")
    other = diary_model.objects.create(patient_id=uuid7(), entry="yours")
    keys.forget_all()
    wrapped = DataKey.objects.get(pk=other.patient_id).wrapped_key
    DataKey.objects.filter(pk=row.patient_id).update(wrapped_key=wrapped)
    with pytest.raises(SealError):
        _ = diary_model.objects.get(pk=row.pk).entry


def test_keys_of_the_environment_rotate(diary_model, settings):
    old, new = environment_key("old"), environment_key("new")
    settings.DATA_KEYS = [old]
    rows = [diary_model.objects.create(patient_id=uuid7(), entry=str(number)) for number in range(3)]
    sealed = [bytes(column(diary_model, "entry", row.pk)) for row in rows]

    settings.DATA_KEYS = [new, old]
    keys.forget_all()
    assert [diary_model.objects.get(pk=row.pk).entry for row in rows] == ["0", "1", "2"]
    assert keys.rewrap_all() == 3
    assert keys.rewrap_all() == 0
    assert set(DataKey.objects.values_list("wrapping_key_id", flat=True)) == {"new"}

    settings.DATA_KEYS = [new]
    keys.forget_all()
    assert [diary_model.objects.get(pk=row.pk).entry for row in rows] == ["0", "1", "2"]
    assert [bytes(column(diary_model, "entry", row.pk)) for row in rows] == sealed


def test_a_key_taken_out_too_early_is_an_error_and_not_a_loss(diary_model, settings):
    settings.DATA_KEYS = [environment_key("old")]
    row = diary_model.objects.create(patient_id=uuid7(), entry="waiting")
    kept = settings.DATA_KEYS
    settings.DATA_KEYS = [environment_key("new")]
    keys.forget_all()
    with pytest.raises(EnvironmentKeyMissingError):
        _ = diary_model.objects.get(pk=row.pk).entry
    with pytest.raises(EnvironmentKeyMissingError), transaction.atomic():
        diary_model.objects.create(patient_id=row.patient_id, entry="not under a second key")
    with pytest.raises(EnvironmentKeyMissingError), transaction.atomic():
        keys.rewrap_all()
    settings.DATA_KEYS = kept
    assert diary_model.objects.get(pk=row.pk).entry == "waiting"


def test_the_wrong_key_under_the_right_name_does_not_open(diary_model, settings):
    settings.DATA_KEYS = [environment_key("same")]
    row = diary_model.objects.create(patient_id=uuid7(), entry="text")
    settings.DATA_KEYS = [environment_key("same")]
    keys.forget_all()
    with pytest.raises(SealError):
        _ = diary_model.objects.get(pk=row.pk).entry


@pytest.mark.parametrize(
    "entries",
    [
        [],
        ["nokey"],
        [":" + "A" * 43 + "="],
        ["a:tooshort"],
        ["a:" + base64.b64encode(b"x" * 31).decode()],
        ["a:not base64!"],
        ["bad id:" + base64.b64encode(b"x" * KEY_BYTES).decode()],
        [environment_key("twice"), environment_key("twice")],
    ],
)
def test_malformed_keys_are_refused_without_being_told(settings, entries):
    settings.DATA_KEYS = entries
    with pytest.raises(ImproperlyConfigured) as raised:
        environment.live_keys()
    for entry in entries:
        assert entry.partition(":")[2] == "" or entry.partition(":")[2] not in str(raised.value)
    assert "core.E110" in {problem.id for problem in checks.run_checks(tags=["security"])}


def test_the_development_key_is_refused_in_production(settings):
    settings.DATA_KEYS = environment.development_keys("secret")
    found = {problem.id for problem in checks.run_checks(tags=["security"], include_deployment_checks=True)}
    assert "core.E111" in found
    settings.DATA_KEYS = [environment_key("real")]
    found = {problem.id for problem in checks.run_checks(tags=["security"], include_deployment_checks=True)}
    assert not found & {"core.E110", "core.E111"}


def test_the_cache_of_keys_is_bounded_and_short_lived(db, monkeypatch):
    keys.forget_all()
    now = 1000.0
    monkeypatch.setattr(keys.time, "monotonic", lambda: now)
    owners = [uuid7() for _ in range(keys.CACHE_SIZE + 10)]
    for owner in owners:
        keys._cache.put(owner, b"k" * 32)
    assert keys._cache.get(owners[0]) is None
    assert keys._cache.get(owners[-1]) is not None
    now += keys.CACHE_SECONDS + 1
    assert keys._cache.get(owners[-1]) is None
    keys.forget_all()


def test_sealed_bytes_do_not_show_themselves():
    assert "bytes" in repr(Sealed(b"abc"))
    assert "abc" not in repr(Sealed(b"abc"))
