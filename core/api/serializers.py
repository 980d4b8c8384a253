"""What endpoints accept. Bodies and query strings are parsed by serializers that refuse what they do not know.

Answers are plain dicts made by a function; their serializer only describes them for the reference, and never runs.
"""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Any, ClassVar, Self, cast

from django.http import QueryDict
from rest_framework import serializers

from core.api.fields import DayField
from core.api.paging import MAX_PAGE, MAX_PAGE_SIZE, PAGE_SIZE, PageRequest


class Input(serializers.Serializer[Any]):
    """Fields that may be sent. A trailing underscore of a name is not part of it (`from_` reads "from").

    `parse` and `parse_query` return the checked values by field name (or by the field's `source`), and raise
    rest_framework's ValidationError, by field.
    """

    default_error_messages = {
        "unknown": "There is no such field here. Known: {known}.",
        "repeated": "Give this once.",
        "invalid": "Send a JSON object, not {datatype}.",
    }

    @classmethod
    def parse(cls, data: Any, *, partial: bool = False) -> dict[str, Any]:
        """The checked values of a body. With `partial` (PATCH), what is left out stays out."""
        return cast(dict[str, Any], cls._shared(partial).run_validation(data))

    @classmethod
    def parse_query(cls, query: QueryDict) -> dict[str, Any]:
        """The checked values of a query string."""
        return cast(dict[str, Any], cls._shared(False).run_validation(cls._plain_query(query)))

    @classmethod
    @cache
    def _shared(cls, partial: bool) -> Self:
        # Building a serializer copies every field and costs more than all that it then checks. Checking leaves
        # nothing behind on it, so one of each kind serves every request.
        return cls(partial=partial)

    @classmethod
    def _plain_query(cls, query: QueryDict) -> dict[str, Any]:
        # DRF reads a QueryDict as an HTML form, in which a box that is not there means False.
        fields = cls._shared(False).fields
        plain: dict[str, Any] = {}
        for name, values in query.lists():
            takes_many = isinstance(fields.get(name), serializers.ListField | serializers.MultipleChoiceField)
            if len(values) > 1 and not takes_many and name in fields:
                raise serializers.ValidationError({name: [cls.default_error_messages["repeated"]]})
            plain[name] = values if takes_many else values[-1]
        return plain

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {name.removesuffix("_"): field for name, field in super().get_fields().items()}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                known = ", ".join(self.fields) or "none"
                message = self.error_messages["unknown"].format(known=known)
                raise serializers.ValidationError({str(name)[:60]: [message] for name in unknown[:10]})
        return super().to_internal_value(data)


class Body(Input):
    """A request body."""


class Query(Input):
    """The query string of an endpoint."""

    timeless: ClassVar[re.Pattern[str] | None] = None
    """Query strings with this in them always mean the same, so one is checked once. Do not change its values."""

    @classmethod
    def parse_string(cls, text: str) -> dict[str, Any]:
        """The checked values of a query string as it came."""
        is_timeless = cls.timeless is not None and cls.timeless.search(text)
        return cls._parsed(text) if is_timeless else cls.parse_query(QueryDict(text.encode("iso-8859-1")))

    @classmethod
    @lru_cache(maxsize=1024)
    def _parsed(cls, text: str) -> dict[str, Any]:
        return cls.parse_query(QueryDict(text.encode("iso-8859-1")))


class ListQuery(Query):
    """Query string of a list. `orderings` names what may be asked for, the first being the default:

        orderings = {"start": ("start", "id"), "-start": ("-start", "-id")}

    The parsed values carry "page": a PageRequest, instead of page, page_size and ordering.
    """

    orderings: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    page = serializers.IntegerField(default=1, min_value=1, max_value=MAX_PAGE)
    page_size = serializers.IntegerField(default=PAGE_SIZE, min_value=1, max_value=MAX_PAGE_SIZE)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        if self.orderings:
            names = list(self.orderings)
            fields["ordering"] = serializers.ChoiceField(choices=names, default=names[0])
        return fields

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        ordering = values.pop("ordering", None)
        values["page"] = PageRequest(
            number=values["page"],
            size=values.pop("page_size"),
            ordering=self.orderings[ordering] if ordering else (),
        )
        return values


class DaysQuery(Query):
    """`from` and `to`, both days included, at most `max_days` of them; values "from_day" and "to_day"."""

    max_days: ClassVar[int] = 366

    from_ = DayField(source="from_day", required=False)
    to_ = DayField(source="to_day", required=False)

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        first: date | None = values.get("from_day")
        last: date | None = values.get("to_day")
        if first and last:
            if last < first:
                raise serializers.ValidationError({"to": [f"This day is before “from” ({first})."]})
            if (last - first).days >= self.max_days:
                raise serializers.ValidationError({"to": [f"Ask for at most {self.max_days} days at once."]})
        return values


class Shape(serializers.Serializer[Any]):
    """Describes an answer for the reference. The answer itself is a dict that a function makes."""
