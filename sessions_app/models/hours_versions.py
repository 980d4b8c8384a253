"""The name under which a counselor's hours stand, so that whoever has read them before can tell that they still do."""

from uuid import UUID, uuid4

from django.db import models

EVERY_COUNSELOR = UUID(int=0)


class HoursVersion(models.Model):
    """Another `version` than before says that what is kept of the hours of `subject` is old; it says nothing else.

    `subject` is a counselor, or EVERY_COUNSELOR for what many of them share, which are the centres. Written by triggers
    only, in the transaction that changes hours, session types, booking rules, or whether and as whom a counselor is
    listed. A version is random, so that none comes twice, also not after a backup was put back.
    """

    subject = models.UUIDField(primary_key=True)
    version = models.UUIDField(default=uuid4)

    def __str__(self) -> str:
        return f"hours of {self.subject}"
