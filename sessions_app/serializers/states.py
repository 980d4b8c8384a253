"""Putting right how a session ended."""

from rest_framework import serializers

from core.api.serializers import Body
from sessions_app.models import CORRECTIONS, SessionStatus
from sessions_app.models.sessions import MAX_WHY

_TARGETS = sorted({status for targets in CORRECTIONS.values() for status in targets})


class CorrectBody(Body):
    status = serializers.ChoiceField(choices=[(status, SessionStatus(status).label) for status in _TARGETS])
    reason = serializers.CharField(max_length=MAX_WHY, help_text="For the audit trail; nothing about health.")
