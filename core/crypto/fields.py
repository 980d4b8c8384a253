"""A model field whose column holds sealed bytes and whose attribute reads and takes text."""

import uuid
from operator import attrgetter
from typing import Any, NoReturn, cast

from django.core import checks
from django.core.exceptions import ObjectDoesNotExist
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from core.crypto import keys
from core.crypto.errors import DataKeyMissingError
from core.crypto.sealing import bound_to, open_sealed, seal


class Sealed(bytes):
    """The bytes of the column. What `.values()` gives; an instance's attribute opens them."""

    text: str | None = None
    """What they said when they were opened for the row that holds them."""

    def __repr__(self) -> str:
        return f"<Sealed, {len(self)} bytes>"

    __str__ = __repr__


class SealedAttribute(DeferredAttribute):
    """Opens the row's sealed bytes when they are first read; a row that nobody reads costs nothing.

    Raises SealError on reading what does not open. Setting the text that is there already changes nothing, so that
    validating a row or saving it unread does not seal it anew.
    """

    field: "EncryptedTextField"

    def __get__(self, instance: models.Model | None, cls: type | None = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            if value.text is None:
                value.text = self.field.open(instance, value)
            return value.text
        return value

    def __set__(self, instance: models.Model, value: object) -> None:
        present = instance.__dict__.get(self.field.attname)
        if isinstance(present, Sealed) and present.text is not None and present.text == value:
            return
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):
    """Text sealed under the data key of the person it is about, bound to its table, column and row.

    `owner_attribute` leads from the row to that person's id ("patient_id", "session.patient_id"). The primary key
    must be known before the insert. NULL stays NULL; "" is sealed like any text, and read as "" again.

    Nothing can be asked of the column but `isnull`. Text gets in by `save()`, `create()` and `bulk_create()`; what
    has no row at hand (`QuerySet.update()`, `bulk_update()`) raises TypeError. A sealed value whose row or owner was
    changed in memory raises SealError on saving: assign the text anew to seal it for where it goes.
    Renaming the table or the column needs the text sealed again.
    """

    description = "Text, encrypted at rest"
    descriptor_class = SealedAttribute

    def __init__(self, *args: Any, owner_attribute: str = "", **options: Any) -> None:
        self.owner_attribute = owner_attribute
        # Neither into forms nor into fixtures unless somebody asks for it.
        options.setdefault("editable", False)
        options.setdefault("serialize", False)
        super().__init__(*args, **options)
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))

    def deconstruct(self) -> Any:
        name, path, positional, options = super().deconstruct()
        options["owner_attribute"] = self.owner_attribute
        return name, path, positional, options

    def get_internal_type(self) -> str:
        return "BinaryField"

    def check(self, **options: Any) -> list[checks.CheckMessage]:
        return [
            *super().check(**options),
            *self._check_owner(),
            *self._check_row_id(),
            *self._check_indexes(),
        ]

    def _check_owner(self) -> list[checks.CheckMessage]:
        if all(part.isidentifier() for part in self.owner_attribute.split(".")):
            return []
        return [checks.Error("owner_attribute must name the person's id.", obj=self, id="core.E101")]

    def _check_row_id(self) -> list[checks.CheckMessage]:
        primary_key = self.model._meta.pk
        if primary_key is not None and not isinstance(primary_key, models.AutoField):
            return []
        return [checks.Error("The row's id must be known before the insert.", obj=self, id="core.E102")]

    def _check_indexes(self) -> list[checks.CheckMessage]:
        if not (self.unique or self.db_index):  # type: ignore[attr-defined]
            return []
        return [checks.Error("An index over sealed bytes finds nothing.", obj=self, id="core.E103")]

    # --- between the row and the column

    def from_db_value(self, value: Any, expression: object, connection: object) -> Sealed | None:
        return None if value is None else Sealed(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if isinstance(value, Sealed):
            self._refuse_if_moved(model_instance, value)
            return value
        if value is None or hasattr(value, "resolve_expression"):
            return value
        sealed = self.seal(model_instance, self._text(value))
        model_instance.__dict__[self.attname] = sealed
        return sealed

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        if not isinstance(value, Sealed):
            raise TypeError(f"{self}: text is sealed for one row; assign it and save() that row.")
        return connection.Database.Binary(value)

    def seal(self, instance: models.Model, text: str) -> Sealed:
        key = keys.key_for_sealing(self._owner_of(instance))
        sealed = Sealed(seal(key, text.encode(), self._context(instance)))
        sealed.text = text
        return sealed

    def open(self, instance: models.Model, sealed: Sealed) -> str:
        """Raises SealError."""
        return open_sealed(keys.key_of(self._owner_of(instance)), sealed, self._context(instance)).decode()

    def _refuse_if_moved(self, instance: models.Model, sealed: Sealed) -> None:
        """Better an error now than text that nobody can open later. Erased text is nobody's loss."""
        try:
            self.open(instance, sealed)
        except DataKeyMissingError:
            return

    def _context(self, instance: models.Model) -> bytes:
        return bound_to(self.model._meta.db_table, cast(str, self.column), str(instance.pk))

    def _owner_of(self, instance: models.Model) -> uuid.UUID:
        try:
            owner = attrgetter(self.owner_attribute)(instance)
        except (AttributeError, ObjectDoesNotExist):
            owner = None
        if owner is None:
            raise ValueError(f"{self}: set {self.owner_attribute} first; the text is sealed for that person.")
        return owner if isinstance(owner, uuid.UUID) else uuid.UUID(str(owner))

    @staticmethod
    def _text(value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"Encrypted text must be str, not {type(value).__name__}.")
        return value

    # --- what Django asks of a field

    def to_python(self, value: Any) -> Any:
        return value if value is None or isinstance(value, Sealed) else str(value)

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def get_transform(self, lookup_name: str) -> None:
        return None

    def value_to_string(self, obj: models.Model) -> NoReturn:
        raise TypeError(f"{self} is not serialised: an export decides itself what it opens, and for whom.")
