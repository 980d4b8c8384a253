"""Requests that may be sent twice and happen once: the `Idempotency-Key` header, as Stripe has it.

An advisory lock of the key is taken first, in the transaction of the work, and the answer is written last, in the
same. So the answer and the work are there together or not at all, and a repetition never waits: while the first one
runs it gets 409.

What is kept is the answer of work that was done. A refusal (any DomainError) rolls back: nothing happened, so the
repetition asks again, and may succeed where the reason has gone.
"""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import orjson
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.request import Request

from core.api.rendering import JSON
from core.errors import Conflict, ValidationFailed
from core.facts import whole_request
from core.ids import uuid7
from core.models import IdempotencyKey
from core.statements import Row, read_and_commit, read_in_one_round_trip

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT_FOR = timedelta(hours=24)
MAX_LENGTH = 255
PURGE_BATCH = 5_000

# Two statements, since one sees the state from before its own lock. A row that the purge has not reached yet is over.
_LOCK = "SELECT pg_try_advisory_xact_lock(%s)"
_FIND = """
SELECT fingerprint, response_status, response_body FROM core_idempotencykey
 WHERE user_id = %s AND route = %s AND key = %s AND created_at >= now() - %s
"""
_KEEP = """
INSERT INTO core_idempotencykey (id, user_id, route, key, fingerprint, response_status, response_body)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (user_id, route, key) DO UPDATE
   SET id = excluded.id, fingerprint = excluded.fingerprint, created_at = now(),
       response_status = excluded.response_status, response_body = excluded.response_body
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """What makes two requests the same one, and what must then be equal."""

    user_id: uuid.UUID
    route: str
    key: str
    fingerprint: bytes

    @property
    def lock(self) -> int:
        """64 bits for PostgreSQL's advisory locks."""
        digest = hashlib.blake2b(f"{self.user_id}\n{self.route}\n{self.key}".encode(), digest_size=8)
        return int.from_bytes(digest.digest(), "big", signed=True)


def answer_once(request: Request, work: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The answer of `work()`, done in one transaction, or the stored answer when this key has had one.

    Without the header it is just `work()`. Raises Conflict when the first request still runs, or had another body,
    and ValidationFailed for a key that is not 1 to 255 printable ASCII characters.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return work()
    if not (0 < len(key) <= MAX_LENGTH and key.isascii() and key.isprintable()):
        raise ValidationFailed(
            details={HEADER: [f"Send 1 to {MAX_LENGTH} printable ASCII characters, such as a new UUID."]}
        )
    claim = Claim(
        user_id=cast(uuid.UUID, request.user.pk),
        route=f"{request.method} {request.path}",
        key=key,
        fingerprint=hashlib.sha256(orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS)).digest(),
    )
    with whole_request():
        kept = _take(claim)
        if kept is not None:
            return _replay(claim, *kept)
        response = cast(HttpResponse, work())
        answer = [claim.fingerprint, response.status_code, response.content]
        read_and_commit(_KEEP, [uuid7(), claim.user_id, claim.route, claim.key, *answer])
    return response


def purge_expired_keys() -> int:
    """Removes the keys that are over their 24 hours; how many. Small transactions, and safe to run at any time."""
    removed = 0
    while True:
        expired = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).values("pk")
        count, _ = IdempotencyKey.objects.filter(pk__in=expired[:PURGE_BATCH]).delete()
        removed += count
        if count < PURGE_BATCH:
            return removed


def _take(claim: Claim) -> Row | None:
    """None when the work is ours to do, else what is kept. Raises Conflict while another request does it."""
    ((is_ours,),), kept = read_in_one_round_trip(
        (_LOCK, [claim.lock]), (_FIND, [claim.user_id, claim.route, claim.key, KEPT_FOR])
    )
    if kept:
        return kept[0]
    if not is_ours:
        raise Conflict(
            f"A request with this {HEADER} is being worked on. Ask again in a moment.", retry_after_seconds=1
        )
    return None


def _replay(claim: Claim, fingerprint: bytes, status: int, body: bytes) -> HttpResponse:
    if bytes(fingerprint) != claim.fingerprint:
        raise Conflict(f"This {HEADER} was used with another body. Make a new key for a new request.")
    response = HttpResponse(bytes(body), status=status, content_type=JSON)
    response[REPLAYED] = "true"
    return response
