"""Encryption at rest: what is sealed opens for its row and its person, and for nothing else (docs/encryption.md)."""

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db import connection, models, transaction
from django.db.models import F
from django.test.utils import isolate_apps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.crypto.errors import SealError
from core.crypto.fields import EncryptedTextField
from core.crypto.sealing import bound_to, new_key, open_sealed, seal
from core.ids import uuid7
from core.models import DataKey
from tests.core.diaries import column

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300)
many = settings(max_examples=300, deadline=None)
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


# --- sealing


@many
@given(plain=st.binary(max_size=500), parts=st.lists(st.text(max_size=20), max_size=4))
def test_what_is_sealed_opens_again(plain, parts):
    key = new_key()
    assert open_sealed(key, seal(key, plain, bound_to(*parts)), bound_to(*parts)) == plain


@many
@given(plain=st.binary(max_size=60), data=st.data())
def test_a_changed_byte_does_not_open(plain, data):
    key = new_key()
    sealed = bytearray(seal(key, plain, b"here"))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealError):
        open_sealed(key, bytes(sealed), b"here")


@many
@given(plain=st.binary(max_size=60), data=st.data())
def test_a_cut_or_lengthened_seal_does_not_open(plain, data):
    key = new_key()
    sealed = seal(key, plain, b"here")
    cut = data.draw(st.integers(0, len(sealed) - 1))
    for altered in (sealed[:cut], sealed + b"\0", b"\0" + sealed):
        with pytest.raises(SealError):
            open_sealed(key, altered, b"here")


@many
@given(mine=st.lists(st.text(max_size=8), max_size=4), yours=st.lists(st.text(max_size=8), max_size=4))
def test_different_places_never_look_alike(mine, yours):
    assert (bound_to(*mine) == bound_to(*yours)) == (mine == yours)


def test_another_key_does_not_open():
    with pytest.raises(SealError):
        open_sealed(new_key(), seal(new_key(), b"hello", b"here"), b"here")


def test_the_same_text_never_looks_the_same():
    key = new_key()
    assert len({seal(key, b"", b"here") for _ in range(1000)}) == 1000


# --- the field


@few
@given(text=texts)
def test_text_comes_back_as_it_went_in_and_is_not_in_the_column(diary_model, text):
    row = diary_model.objects.create(patient_id=uuid7(), entry=text)
    assert row.entry == text
    assert diary_model.objects.get(pk=row.pk).entry == text
    stored = bytes(column(diary_model, "entry", row.pk))
    assert len(text) < 5 or text.encode() not in stored


def test_empty_text_stays_empty_text_and_null_stays_null(diary_model):
    row = diary_model.objects.create(patient_id=uuid7(), entry="", remark=None)
    read = diary_model.objects.get(pk=row.pk)
    assert read.entry == ""
    assert read.remark is None
    assert len(column(diary_model, "entry", row.pk)) > 0
    assert column(diary_model, "remark", row.pk) is None
    assert list(diary_model.objects.filter(entry__isnull=False, remark__isnull=True)) == [row]


def test_values_and_annotations_give_the_sealed_bytes(diary_model):
    row = diary_model.objects.create(patient_id=uuid7(), entry="seen by nobody")
    for value in (
        diary_model.objects.values("entry").get()["entry"],
        diary_model.objects.values_list("entry", flat=True).get(),
        diary_model.objects.annotate(copy=F("entry")).get().copy,
    ):
        assert isinstance(value, bytes)
        assert b"nobody" not in value
        assert "nobody" not in f"{value!r} {value}"
        assert value == bytes(column(diary_model, "entry", row.pk))


@pytest.mark.parametrize(
    "move",
    [
        "UPDATE core_diary SET entry = (SELECT entry FROM core_diary WHERE id = %(other)s) WHERE id = %(row)s",
        "UPDATE core_diary SET entry = remark WHERE id = %(row)s",
        "UPDATE core_diary SET patient_id = %(stranger)s WHERE id = %(row)s",
        "UPDATE core_diary SET entry = set_byte(entry, 20, (get_byte(entry, 20) + 1) %% 256) WHERE id = %(row)s",
        "UPDATE core_diary SET entry = '' WHERE id = %(row)s",
        "UPDATE core_diary SET entry = convert_to('in clear', 'UTF8') WHERE id = %(row)s",
    ],
    ids=["other row", "other column", "other person", "changed byte", "emptied", "clear text"],
)
def test_what_was_moved_or_changed_in_the_database_raises_and_is_never_text(diary_model, move):
    other = diary_model.objects.create(patient_id=uuid7(), entry="of another", remark="remark")
    row = diary_model.objects.create(patient_id=uuid7(), entry="of mine", remark="remark")
    with connection.cursor() as cursor:
        cursor.execute(move, {"row": row.pk, "other": other.pk, "stranger": other.patient_id})
    with pytest.raises(SealError):
        _ = diary_model.objects.get(pk=row.pk).entry


def test_another_row_of_the_same_person_does_not_open_it(diary_model):
    patient = uuid7()
    first = diary_model.objects.create(patient_id=patient, entry="first")
    second = diary_model.objects.create(patient_id=patient, entry="second")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_diary SET entry = (SELECT entry FROM core_diary WHERE id = %s) WHERE id = %s",
            [first.pk, second.pk],
        )
    with pytest.raises(SealError):
        _ = diary_model.objects.get(pk=second.pk).entry


def test_the_owner_may_be_reached_through_a_relation(diary_model, page_model):
    diary = diary_model.objects.create(patient_id=uuid7())
    page = page_model.objects.create(diary=diary, text="over there")
    assert page_model.objects.get(pk=page.pk).text == "over there"
    assert DataKey.objects.get().pk == diary.patient_id


def test_text_without_a_person_is_refused(diary_model):
    with pytest.raises(ValueError, match="patient_id"):
        diary_model.objects.create(patient_id=None, entry="whose?")


def test_the_owner_may_be_given_as_a_string(diary_model):
    row = diary_model.objects.create(patient_id=str(uuid7()), entry="text")
    assert diary_model.objects.get(pk=row.pk).entry == "text"


def test_bulk_create_seals(diary_model):
    rows = diary_model.objects.bulk_create(
        [diary_model(patient_id=uuid7(), entry=f"text {n}") for n in range(5)]
    )
    assert sorted(row.entry for row in diary_model.objects.filter(pk__in=[row.pk for row in rows])) == [
        f"text {n}" for n in range(5)
    ]


def test_writes_without_a_row_at_hand_are_refused(diary_model):
    row = diary_model.objects.create(patient_id=uuid7(), entry="before")
    with pytest.raises(TypeError), transaction.atomic():
        diary_model.objects.update(entry="clear text")
    row.entry = "after"
    with pytest.raises(TypeError), transaction.atomic():
        diary_model.objects.bulk_update([row], ["entry"])
    assert diary_model.objects.get(pk=row.pk).entry == "before"


def test_an_update_may_empty_the_column(diary_model):
    diary_model.objects.create(patient_id=uuid7(), entry="gone")
    diary_model.objects.update(entry=None)
    assert diary_model.objects.get().entry is None


@pytest.mark.parametrize("lookup", ["entry", "entry__contains", "entry__in", "entry__gt", "entry__length"])
def test_nothing_can_be_searched(diary_model, lookup):
    with pytest.raises(FieldError):
        list(diary_model.objects.filter(**{lookup: "x"}))


def test_saving_a_row_that_nobody_read_leaves_the_bytes_alone(diary_model):
    row = diary_model.objects.create(patient_id=uuid7(), entry="as it was")
    before = bytes(column(diary_model, "entry", row.pk))
    read = diary_model.objects.get(pk=row.pk)
    read.title = "a title"
    read.full_clean()
    read.save()
    row.save()
    row.entry = "as it was"
    row.save()
    assert bytes(column(diary_model, "entry", row.pk)) == before


def test_new_text_replaces_the_old(diary_model):
    row = diary_model.objects.create(patient_id=uuid7(), entry="old")
    row.entry = "new"
    row.save(update_fields=["entry"])
    assert diary_model.objects.get(pk=row.pk).entry == "new"
    row.entry = None
    row.save(update_fields=["entry"])
    assert diary_model.objects.get(pk=row.pk).entry is None


def test_a_deferred_column_opens_when_it_is_read(diary_model):
    row = diary_model.objects.create(patient_id=uuid7(), entry="late")
    assert diary_model.objects.defer("entry").get(pk=row.pk).entry == "late"
    assert diary_model.objects.only("id").get(pk=row.pk).entry == "late"
    row.refresh_from_db()
    assert row.entry == "late"


def test_a_copy_or_a_changed_owner_is_refused_rather_than_lost(diary_model):
    created = diary_model.objects.create(patient_id=uuid7(), entry="kept")
    copy = diary_model.objects.get(pk=created.pk)
    copy.pk = uuid7()
    copy._state.adding = True
    with pytest.raises(SealError), transaction.atomic():
        copy.save()
    moved = diary_model.objects.get(pk=created.pk)
    DataKey.objects.exists()
    moved.patient_id = diary_model.objects.create(patient_id=uuid7(), entry="somebody else's").patient_id
    with pytest.raises(SealError), transaction.atomic():
        moved.save()


def test_text_moves_to_another_owner_when_it_is_assigned_anew(diary_model):
    row = diary_model.objects.create(patient_id=uuid7(), entry="merged")
    row = diary_model.objects.get(pk=row.pk)
    text = row.entry
    row.patient_id = uuid7()
    row.entry = None
    row.entry = text
    row.save()
    assert diary_model.objects.get(pk=row.pk).entry == "merged"


def test_too_long_text_does_not_validate(diary_model):
    row = diary_model(patient_id=uuid7(), entry="x" * 5001)
    with pytest.raises(ValidationError):
        row.full_clean()


def test_only_text_can_be_sealed(diary_model):
    with pytest.raises(TypeError), transaction.atomic():
        diary_model.objects.create(patient_id=uuid7(), entry=b"bytes")


def test_a_dump_of_the_database_refuses_rather_than_opens(diary_model):
    row = diary_model.objects.create(patient_id=uuid7(), entry="text")
    with pytest.raises(TypeError):
        diary_model._meta.get_field("entry").value_to_string(row)
    assert not diary_model._meta.get_field("entry").serialize
    assert not diary_model._meta.get_field("entry").editable


def test_the_field_survives_a_migration():
    field = EncryptedTextField(owner_attribute="patient_id", null=True, max_length=9)
    name, path, positional, options = field.deconstruct()
    again = EncryptedTextField(*positional, **options)
    assert (again.owner_attribute, again.null, again.max_length) == ("patient_id", True, 9)


def test_a_field_that_could_not_work_is_reported():
    with isolate_apps("core"):

        class Wrong(models.Model):  # noqa: DJ008
            text = EncryptedTextField(db_index=True)

            class Meta:
                app_label = "core"

        assert {problem.id for problem in Wrong.check()} >= {"core.E101", "core.E102", "core.E103"}
