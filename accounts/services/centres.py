"""Centres, and who belongs to them."""

from collections.abc import Mapping
from typing import Any

from django.db.models import ProtectedError

from accounts.models import Centre, PatientCentre, StaffCentre, User
from accounts.permissions import Action
from accounts.services.authority import (
    require_everywhere,
    require_may_edit,
    require_may_manage,
    require_may_staff,
)
from core.errors import Conflict
from core.facts import fact

EDITABLE = ("name", "address", "city", "latitude", "longitude", "phone", "email", "timezone")


def create_centre(*, values: Mapping[str, Any], actor: User | None) -> Centre:
    """A new centre of the EDITABLE `values`. PermissionDenied below manager, Django's ValidationError by field."""
    require_everywhere(actor, Action.CENTRE_EDIT)
    centre = Centre(**{name: values[name] for name in EDITABLE if name in values})
    centre.full_clean()
    with fact(actor=actor) as f:
        centre.save(force_insert=True)
        f.audit("centre.created", centre, centre_id=centre.pk)
    return centre


def update_centre(*, centre: Centre, values: Mapping[str, Any], actor: User | None) -> Centre:
    """Changes those of the EDITABLE fields that `values` names."""
    require_may_edit(actor, centre)
    changed = [name for name in EDITABLE if name in values and getattr(centre, name) != values[name]]
    for name in changed:
        setattr(centre, name, values[name])
    centre.full_clean()
    if changed:
        with fact(actor=actor) as f:
            centre.save(update_fields=changed)
            f.audit("centre.changed", centre, centre_id=centre.pk)
    return centre


def set_centre_active(*, centre: Centre, is_active: bool, actor: User | None) -> Centre:
    """A closed centre is shown to nobody but those who run it."""
    require_may_edit(actor, centre)
    if centre.is_active != is_active:
        centre.is_active = is_active
        with fact(actor=actor) as f:
            centre.save(update_fields=["is_active"])
            f.audit("centre.opened" if is_active else "centre.closed", centre, centre_id=centre.pk)
    return centre


def delete_centre(*, centre: Centre, actor: User | None) -> None:
    """Only one that nobody and nothing ever belonged to. Raises Conflict otherwise: close it instead."""
    require_everywhere(actor, Action.CENTRE_EDIT)
    in_use = (
        StaffCentre.objects.filter(centre=centre).exists()
        or PatientCentre.objects.filter(centre=centre).exists()
    )
    with fact(actor=actor) as f:
        f.audit("centre.deleted", centre, centre_id=centre.pk)
        try:
            if in_use:
                raise Conflict(_IN_USE)
            centre.delete()
        except ProtectedError:
            raise Conflict(_IN_USE) from None


_IN_USE = "People or sessions belong to this centre. Close it instead."


def assign_staff_to_centre(*, user: User, centre: Centre, actor: User | None) -> None:
    """`user` works at `centre` too. Twice is as good as once."""
    require_may_manage(actor, user)
    require_may_staff(actor, [centre])
    with fact(actor=actor) as f:
        if StaffCentre.objects.get_or_create(user=user, centre=centre)[1]:
            f.audit("centre.staff_assigned", user, centre_id=centre.pk)


def remove_staff_from_centre(*, user: User, centre: Centre, actor: User | None) -> None:
    """`user` works at `centre` no more, and sees nothing of it from the next request on."""
    require_may_manage(actor, user)
    require_may_staff(actor, [centre])
    with fact(actor=actor) as f:
        if StaffCentre.objects.filter(user=user, centre=centre).delete()[0]:
            f.audit("centre.staff_removed", user, centre_id=centre.pk)
