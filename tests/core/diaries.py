"""A model to seal text in: a row of somebody's diary, and a page that knows its owner only through the diary."""

import base64
from contextlib import contextmanager

from django.db import connection, models
from django.test.utils import isolate_apps

from core.crypto.fields import EncryptedTextField
from core.crypto.sealing import new_key
from core.ids import uuid7


@contextmanager
def diary_tables():
    """The model classes, their tables made inside the test's own transaction or database."""
    with isolate_apps("core"):

        class Diary(models.Model):  # noqa: DJ008
            id = models.UUIDField(primary_key=True, default=uuid7)
            patient_id = models.UUIDField(null=True)
            title = models.CharField(max_length=40, default="")
            entry = EncryptedTextField(owner_attribute="patient_id", null=True, max_length=5000)
            remark = EncryptedTextField(owner_attribute="patient_id", null=True)

            class Meta:
                app_label = "core"

        class Page(models.Model):  # noqa: DJ008
            id = models.UUIDField(primary_key=True, default=uuid7)
            diary = models.ForeignKey(Diary, on_delete=models.CASCADE)
            text = EncryptedTextField(owner_attribute="diary.patient_id")

            class Meta:
                app_label = "core"

        with connection.schema_editor() as editor:
            editor.create_model(Diary)
            editor.create_model(Page)
        yield Diary, Page


def environment_key(key_id):
    return f"{key_id}:{base64.urlsafe_b64encode(new_key()).decode()}"


def column(model, name, pk):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM {model._meta.db_table} WHERE id = %s", [pk])
        return cursor.fetchone()[0]
