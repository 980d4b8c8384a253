"""The role table, as far as an endpoint asks it: may this person do this at all? Which objects is access.py's to say.

The table is owned by an app above core, which registers it here.
"""

from collections.abc import Callable
from typing import Any

PUBLIC = "public"

RoleTable = Callable[[Any, str], bool]
_tables: list[RoleTable] = []


def register_role_table(may: RoleTable) -> None:
    """`may(user, action)` says whether `user` (AnonymousUser for a visitor) has the action in any scope."""
    _tables[:] = [may]


def may(user: Any, action: str) -> bool:
    """Raises RuntimeError when no table is registered: nobody may anything then."""
    if action == PUBLIC:
        return True
    if not _tables:
        raise RuntimeError("No role table is registered: refusing to answer.")
    return _tables[0](user, action)
