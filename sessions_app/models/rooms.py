"""Rooms of a centre, which sessions in person take."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models import Centre
from core.ids import uuid7


class Room(models.Model):
    """Its id is a resource of `Occupancy`: the constraint that keeps people from two places keeps rooms as well.

    A centre without active rooms takes sessions in person as many as its counselors do.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=60, help_text="As it stands on the door, such as “Room 2”.")
    is_active = models.BooleanField(default=True, help_text="Whether new sessions may take it.")

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                "centre",
                Lower("name"),
                name="room_name_once_a_centre",
                violation_error_message="The centre has a room of this name.",
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="room_has_a_name", violation_error_message="Give the room a name."
            ),
        ]

    def __str__(self) -> str:
        return self.name
