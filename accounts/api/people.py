"""One's own preferences and profile, and the profiles of those whom one may see."""

import uuid
from typing import Any

from django.contrib.auth import update_session_auth_hash
from rest_framework.request import Request

from accounts.access import access_user, reader_of
from accounts.access_tokens import AccessClaims
from accounts.api.answers import preferences_answer, profile_answer
from accounts.models import Device
from accounts.permissions import Action
from accounts.serializers import (
    PROFILE_BODIES,
    AnyProfileBody,
    PreferencesBody,
    PreferencesShape,
    ProfileBody,
    ProfileShape,
)
from accounts.services.profiles import change_preferences, update_profile
from core.api.answers import Answer
from core.api.views import Endpoint, operation
from core.errors import NotFound


class Preferences(Endpoint):
    @operation(Action.ACCOUNT_OWN, answer=PreferencesShape)
    def get(self, request: Request) -> Answer:
        """Language, time zone, colours and size of text."""
        return Answer(preferences_answer(reader_of(request)))

    @operation(Action.ACCOUNT_OWN, body=PreferencesBody, answer=PreferencesShape)
    def put(self, request: Request, body: dict[str, Any]) -> Answer:
        """Set all preferences."""
        return Answer(preferences_answer(change_preferences(user=reader_of(request), values=body)))

    @operation(Action.ACCOUNT_OWN, body=PreferencesBody, answer=PreferencesShape)
    def patch(self, request: Request, body: dict[str, Any]) -> Answer:
        """Set some preferences."""
        return Answer(preferences_answer(change_preferences(user=reader_of(request), values=body)))


class OwnProfile(Endpoint):
    @operation(Action.ACCOUNT_OWN, answer=ProfileShape)
    def get(self, request: Request) -> Answer:
        """One's own profile."""
        return Answer(profile_answer(reader_of(request), reader=reader_of(request)))

    @operation(Action.ACCOUNT_OWN, body=AnyProfileBody, answer=ProfileShape)
    def put(self, request: Request, body: dict[str, Any]) -> Answer:
        """Set the whole profile: every field of one's role.

        A new phone number ends all other sign-ins, and this one goes on after a refresh.
        """
        return self._change(request)

    @operation(Action.ACCOUNT_OWN, body=AnyProfileBody, answer=ProfileShape)
    def patch(self, request: Request, body: dict[str, Any]) -> Answer:
        """Set some fields of the profile."""
        return self._change(request)

    def _change(self, request: Request) -> Answer:
        reader = reader_of(request)
        checked = PROFILE_BODIES.get(reader.role, ProfileBody).parse(
            request.data, partial=request.method == "PATCH"
        )
        device = None
        if isinstance(request.auth, AccessClaims):
            device = Device.objects.get(pk=request.auth.device_id)
        user = update_profile(user=reader, values=checked, actor=reader, device=device)
        if device is None:
            update_session_auth_hash(request._request, user)
        return Answer(profile_answer(user, reader=user))


class Profile(Endpoint):
    @operation(Action.ACCOUNT_OWN, answer=ProfileShape, raises=(NotFound,))
    def get(self, request: Request, user_id: uuid.UUID) -> Answer:
        """The profile of somebody whom the reader may see; a counselor sees an anonymous patient's alias only."""
        return Answer(profile_answer(access_user(reader_of(request), user_id), reader=reader_of(request)))
