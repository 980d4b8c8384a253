"""Requests that may be sent twice and happen once: the `Idempotency-Key` header, as Stripe has it.

The key's row is inserted first, in the transaction of the work, under an advisory lock of the key. So the row and
the work are there together or not at all, and a repetition never waits: while the first one runs it gets 409.

What is kept is the answer of work that was done. A refusal (any DomainError) rolls back, and its row with it: nothing
happened, so the repetition asks again, and may succeed where the reason has gone.
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
from core.statements import read

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT_FOR = timedelta(hours=24)
MAX_LENGTH = 255
PURGE_BATCH = 5_000

# An expired row that the purge has not reached yet is taken over as if it were not there. The statement sees no row
# that was committed after it began, but ON CONFLICT does: then nothing comes back, and _replay reads it afresh.
_CLAIM = """
WITH claim AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(%s) AS is_ours),
row AS (
  INSERT INTO core_idempotencykey AS kept (id, user_id, key, route, fingerprint)
  SELECT %s, %s, %s, %s, %s FROM claim WHERE is_ours
  ON CONFLICT (user_id, route, key) DO UPDATE
     SET id = excluded.id, fingerprint = excluded.fingerprint, created_at = now(),
         response_status = NULL, response_body = NULL
   WHERE kept.created_at < now() - %s
  RETURNING id
)
SELECT is_ours, EXISTS (SELECT FROM row) FROM claim
"""
_KEEP = "UPDATE core_idempotencykey SET response_status = %s, response_body = %s WHERE id = %s"


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
        row_id = _take(claim)
        if row_id is None:
            return _replay(claim)
        response = cast(HttpResponse, work())
        read(_KEEP, [response.status_code, response.content, row_id])
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


def _take(claim: Claim) -> uuid.UUID | None:
    """The id of our new row; None when the key has an answer. Raises Conflict while another request holds the key."""
    row_id = uuid7()
    values = [claim.lock, row_id, claim.user_id, claim.key, claim.route, claim.fingerprint, KEPT_FOR]
    ((is_ours, is_new),) = read(_CLAIM, values)
    if not is_ours:
        raise Conflict(
            f"A request with this {HEADER} is being worked on. Ask again in a moment.", retry_after_seconds=1
        )
    return row_id if is_new else None


def _replay(claim: Claim) -> HttpResponse:
    kept = IdempotencyKey.objects.get(user_id=claim.user_id, route=claim.route, key=claim.key)
    if bytes(kept.fingerprint) != claim.fingerprint:
        raise Conflict(f"This {HEADER} was used with another body. Make a new key for a new request.")
    response = HttpResponse(bytes(kept.response_body or b""), status=kept.response_status, content_type=JSON)
    response[REPLAYED] = "true"
    return response
