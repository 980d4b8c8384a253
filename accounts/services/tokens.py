"""The one mint of tokens. Nothing else in the house makes an access or a refresh token.

A sign-in opens a device; its refresh tokens are a family, each used once and followed by exactly one successor. A
token that comes back after it was used means that two people hold it: the whole family ends. Only the client that
used it, repeating itself within REPEAT_SECONDS (a lost answer), gets the same successor again. That successor is
worked out from its parent with a key of ours, so that no token is kept anywhere in clear.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.access_tokens import make_access_token
from accounts.models import Device, RefreshToken, RevokedBecause, User
from accounts.services.authority import require_may_manage
from core import request_context
from core.errors import NotAuthenticated
from core.facts import fact

log = structlog.get_logger(__name__)

REPEAT_SECONDS = 10
_TOKEN_LENGTH = 43
_REFUSED = "This refresh token is not valid any more. Sign in again."


@dataclass(frozen=True, slots=True)
class Client:
    """What is known of the program that asks."""

    user_agent: str
    ip: str | None

    @classmethod
    def of_this_request(cls, user_agent: str) -> "Client":
        longest = Device._meta.get_field("user_agent").max_length
        return cls(user_agent=user_agent[:longest], ip=request_context.ip.get() or None)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets. `expires_in_seconds` is the access token's life."""

    access: str
    refresh: str
    expires_in_seconds: int
    user: User


def open_device(*, user: User, client: Client) -> TokenPair:
    """A new device and its first pair of tokens. The caller has led `user` through every stage of signing in."""
    now = timezone.now()
    refresh = _encode(secrets.token_bytes(32))
    with fact(actor=user) as f:
        device = Device.objects.create(
            user=user,
            security_version=user.security_version,
            user_agent=client.user_agent,
            ip=client.ip,
            last_seen_at=now,
            expires_at=now + timedelta(seconds=settings.DEVICE_SECONDS),
        )
        _keep(refresh, device=device, parent=None, now=now)
        User.objects.filter(pk=user.pk).update(last_login=now)
        f.audit("device.signed_in", device)
    return _pair(device, refresh)


def refresh_tokens(*, refresh: str, client: Client) -> TokenPair:
    """The next pair of the family. Raises NotAuthenticated: unknown, expired, revoked, used before, account closed.

    Of any number of parallel calls with one token exactly one makes the successor.
    """
    now = timezone.now()
    token = _standing_token(refresh, now)
    successor = _successor_of(refresh)
    with transaction.atomic():
        if _use(token, now):
            _keep(successor, device=token.device, parent=token, now=now)
            Device.objects.filter(pk=token.device_id).update(
                last_seen_at=now, user_agent=client.user_agent, ip=client.ip
            )
            return _pair(token.device, successor)
    if not _is_repetition(token, successor, client, now):
        _end_family_of_reused(token)
        raise NotAuthenticated(_REFUSED)
    return _pair(token.device, successor)


def revoke_device(*, device: Device, because: RevokedBecause, actor: User | None) -> None:
    """Ends the family: its refresh tokens and, on their next request, its access tokens. Twice is as good as once.

    Raises PermissionDenied unless `actor` is the owner or may manage the account.
    """
    if actor is None or actor.pk != device.user_id:
        require_may_manage(actor, device.user)
    with fact(actor=actor) as f:
        if _revoke(Device.objects.filter(pk=device.pk), because):
            f.audit("device.revoked", device, why=because)


def revoke_devices_of(user: User, because: RevokedBecause, *, but: Device | None = None) -> None:
    """Ends every device of `user` but one. To be called within the fact that is the reason."""
    devices = Device.objects.filter(user=user)
    _revoke(devices.exclude(pk=but.pk) if but else devices, because)


def purge_expired_devices() -> int:
    """Forgets devices and tokens that can be of no use to anybody; how many rows went."""
    now = timezone.now()
    tokens, _ = RefreshToken.objects.filter(expires_at__lt=now).delete()
    devices, _ = Device.objects.filter(expires_at__lt=now).delete()
    return tokens + devices


def _standing_token(refresh: str, now: datetime) -> RefreshToken:
    """The row of `refresh`, with its device and account, if all of them are still good."""
    token = None
    if len(refresh) == _TOKEN_LENGTH:
        token = RefreshToken.objects.select_related("device__user").filter(token_hash=_hash(refresh)).first()
    if token is None or not _stands(token.device, now) or token.expires_at <= now:
        raise NotAuthenticated(_REFUSED)
    return token


def _stands(device: Device, now: datetime) -> bool:
    return (
        device.revoked_at is None
        and device.expires_at > now
        and device.user.is_active
        and device.security_version == device.user.security_version
    )


def _use(token: RefreshToken, now: datetime) -> bool:
    """Marks the token used; False when somebody was first. A parallel call waits here for the winner's commit."""
    unused = RefreshToken.objects.filter(pk=token.pk, used_at=None)
    return unused.update(used_at=now) == 1


def _is_repetition(token: RefreshToken, successor: str, client: Client, now: datetime) -> bool:
    """Whether the client that used `token` a moment ago asks again because it never saw the answer."""
    latest = (
        RefreshToken.objects.select_related("device")
        .filter(parent=token, token_hash=_hash(successor))
        .first()
    )
    if latest is None or latest.used_at is not None:
        return False
    used = RefreshToken.objects.values_list("used_at", flat=True).get(pk=token.pk)
    is_recent = used is not None and abs((now - used).total_seconds()) <= REPEAT_SECONDS
    device = latest.device
    return (
        is_recent
        and device.revoked_at is None
        and (device.user_agent, device.ip) == (client.user_agent, client.ip)
    )


def _end_family_of_reused(token: RefreshToken) -> None:
    device = token.device
    log.warning("tokens.reused", user=str(device.user_id), device=str(device.pk))
    with fact(actor=None) as f:
        if _revoke(Device.objects.filter(pk=device.pk), RevokedBecause.TOKEN_REUSED):
            f.audit("device.revoked", device, why=RevokedBecause.TOKEN_REUSED)
            f.announce("account.token_reused", user=device.user_id)


def _revoke(devices: QuerySet[Device], because: RevokedBecause) -> int:
    return devices.filter(revoked_at=None).update(revoked_at=timezone.now(), revoked_because=because)


def _keep(refresh: str, *, device: Device, parent: RefreshToken | None, now: datetime) -> None:
    ends = min(now + timedelta(seconds=settings.REFRESH_TOKEN_SECONDS), device.expires_at)
    RefreshToken.objects.create(device=device, parent=parent, token_hash=_hash(refresh), expires_at=ends)


def _pair(device: Device, refresh: str) -> TokenPair:
    access = make_access_token(
        user_id=device.user_id,
        device_id=device.pk,
        security_version=device.security_version,
        role=device.user.role,
    )
    return TokenPair(access, refresh, settings.ACCESS_TOKEN_SECONDS, device.user)


def _successor_of(refresh: str) -> str:
    key = hashlib.sha256(b"accounts.refresh_tokens:" + settings.SECRET_KEY.encode()).digest()
    return _encode(hmac.digest(key, refresh.encode(), "sha256"))


def _hash(refresh: str) -> bytes:
    return hashlib.sha256(refresh.encode("utf-8", "surrogatepass")).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
