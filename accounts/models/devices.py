"""Where somebody is signed in over the API: a device is a family of refresh tokens (docs/security.md)."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.users import User
from core.ids import uuid7


class RevokedBecause(models.TextChoices):
    SIGNED_OUT = "signed_out", "Signed out"
    TOKEN_REUSED = "token_reused", "A used refresh token was presented again"
    SECURITY_CHANGE = "security_change", "Password, role or factor changed"
    DEACTIVATED = "deactivated", "Account deactivated"


class DeviceQuerySet(models.QuerySet["Device"]):
    def visible_to(self, user: User) -> Self:
        """A person sees their own devices, nobody else's."""
        return self.filter(user=user) if user.is_authenticated else self.none()

    def live(self) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=Now())


class Device(models.Model):
    """One sign-in over the API. Its tokens end with it, at the latest at `expires_at`, however often renewed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    security_version = models.PositiveIntegerField(help_text="The account's, when the device signed in.")
    user_agent = models.CharField(max_length=300, blank=True)
    ip = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now(), help_text="Sign-in or the latest refresh.")
    expires_at = models.DateTimeField(help_text="Absolute: a refresh does not move it.")
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.CharField(max_length=20, choices=RevokedBecause, blank=True)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_because="")
                | (Q(revoked_at__isnull=False) & ~Q(revoked_because="")),
                name="revoked_device_says_why",
            )
        ]
        indexes = [models.Index(fields=["user"], name="live_devices", condition=Q(revoked_at__isnull=True))]

    def __str__(self) -> str:
        return f"device {self.pk}"


class RefreshToken(models.Model):
    """One link of a family. The token itself is nowhere: only its SHA-256 is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="refresh_tokens")
    parent = models.OneToOneField(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        related_name="successor",
        help_text="One successor, never two.",
    )
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="refresh_token_expiry")]

    def __str__(self) -> str:
        return f"refresh token {self.pk}"
