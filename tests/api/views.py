"""Little endpoints that stand for all: what the plumbing does, it does to these."""

import datetime as dt
import threading
import uuid
from decimal import Decimal

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import connection, transaction
from django.http import Http404
from django.utils.translation import gettext_lazy
from rest_framework import exceptions as drf_errors
from rest_framework import serializers

from accounts.models import Centre, User
from accounts.permissions import Action
from core import errors
from core.api.answers import Answer, Created, NoContent, PageAnswer
from core.api.fields import InstantField
from core.api.paging import paginate
from core.api.permissions import PUBLIC
from core.api.serializers import Body, DaysQuery, ListQuery, Query, Shape
from core.api.views import Endpoint, operation


class PlanRuleBody(Body):
    weekday = serializers.IntegerField(min_value=0, max_value=6)
    at = InstantField(required=False)


class PlanBody(Body):
    name = serializers.CharField(max_length=20)
    start = InstantField(required=False)
    rules = PlanRuleBody(many=True, required=False)


class PlanShape(Shape):
    id = serializers.UUIDField()
    name = serializers.CharField()


class PlanQuery(ListQuery, DaysQuery):
    orderings = {"email": ("email", "id"), "-email": ("-email", "-id")}
    max_days = 31

    kind = serializers.ListField(child=serializers.ChoiceField(choices=["a", "b"]), required=False)
    is_open = serializers.BooleanField(required=False)


class WaitQuery(Query):
    fail = serializers.CharField(required=False)


class Open(Endpoint):
    @operation(Action.DIRECTORY_READ, answer=PlanShape)
    def get(self, request):
        """Anybody may read this."""
        return Answer({"id": uuid.UUID(int=1), "name": "plan"})


class CachedOpen(Open):
    cache_control = "public, max-age=60"


class Plans(Endpoint):
    @operation(Action.ACCOUNT_OWN, query=PlanQuery, answer=PlanShape, paged=True)
    def get(self, request, query):
        """Plans.

        A page of them.
        """
        page = paginate(User.objects.all(), query["page"])
        shown = {key: value for key, value in query.items() if key != "page"}
        return PageAnswer(page, [{"id": row.pk, "name": row.email, **shown} for row in page.rows])

    @operation(
        Action.ACCOUNT_OWN,
        body=PlanBody,
        answer=PlanShape,
        status=201,
        raises=(errors.SlotTaken,),
        idempotent=True,
    )
    def post(self, request, body):
        """Make a plan."""
        centre = Centre.objects.create(name=body["name"])
        if body["name"] == "refused":
            raise errors.SlotTaken(
                details={"alternatives": [{"start": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}]}
            )
        if body["name"] == "slow":
            Plans.entered.set()
            Plans.may_go_on.wait(10)
        return Created({"id": centre.pk, "name": body["name"], "start": body.get("start")})

    entered = threading.Event()
    may_go_on = threading.Event()


class Plan(Endpoint):
    @operation(Action.ACCOUNT_OWN, answer=PlanShape)
    def get(self, request, plan_id):
        """One plan."""
        return Answer({"id": plan_id, "name": "plan"})

    @operation(Action.ACCOUNT_OWN, body=PlanBody, answer=PlanShape)
    def patch(self, request, plan_id, body):
        """Change what is sent."""
        return Answer({"id": plan_id, "sent": body})

    @operation(Action.ACCOUNT_OWN, status=204)
    def delete(self, request, plan_id):
        """Remove it."""
        return NoContent()


class ForAdmins(Endpoint):
    @operation(Action.AUDIT_READ, answer=PlanShape)
    def get(self, request):
        """Only admins."""
        return Answer({})


class Written(Endpoint):
    @operation(PUBLIC)
    def get(self, request):
        """What the bytes of values look like."""
        return Answer(
            {
                "instant": dt.datetime(2026, 12, 1, 9, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30))),
                "day": dt.date(2026, 12, 1),
                "id": uuid.UUID(int=7),
                "lazy": gettext_lazy("words"),
                "decimal": Decimal("1.10"),
            }
        )


class Unwritable(Endpoint):
    @operation(PUBLIC)
    def get(self, request):
        """A model is no answer."""
        return Answer({"user": User()})


def _break_a_constraint():
    User.objects.create(email="twice@example.test")
    User.objects.create(email="twice@example.test")


def _break_a_named_constraint():
    User.objects.create(email=None, phone=None)


def _divide():
    return 1 / 0


def _wait_for_a_lock():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10ms'")
        cursor.execute("LOCK TABLE accounts_centre IN ACCESS EXCLUSIVE MODE")


def _store_a_null_character():
    Centre.objects.create(name="a\x00b")


def _raises(error):
    def fail():
        raise error

    return fail


FAILURES = {
    "domain": _raises(errors.InvalidState("Too late.", details={"status": ["done"]})),
    "throttled": _raises(errors.Throttled(retry_after_seconds=7)),
    "upstream": _raises(errors.UpstreamError()),
    "unavailable": _raises(errors.Unavailable()),
    "token-expired": _raises(errors.TokenExpired()),
    "http404": _raises(Http404("a secret")),
    "denied": _raises(PermissionDenied("a secret")),
    "suspicious": _raises(SuspiciousOperation("a secret")),
    "drf-throttled": _raises(drf_errors.Throttled(wait=3.2)),
    "drf-auth": _raises(drf_errors.AuthenticationFailed()),
    "drf-validation": _raises(drf_errors.ValidationError({"a": [{}, {"b": ["wrong"]}], "c": "bad"})),
    "unique": _break_a_constraint,
    "check": _break_a_named_constraint,
    "lock": _wait_for_a_lock,
    "null-character": _store_a_null_character,
    "bug": _divide,
}


class Failing(Endpoint):
    @operation(PUBLIC, query=WaitQuery)
    def post(self, request, query):
        """Fails as it is told."""
        FAILURES[query["fail"]]()
        return NoContent()


class SmallDoor(Endpoint):
    max_body_bytes = 100

    @operation(PUBLIC, body=PlanBody)
    def post(self, request, body):
        """Takes little."""
        return Answer(body)
