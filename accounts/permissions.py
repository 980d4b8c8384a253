"""Who may do what: the table of docs/access.md as data.

A row is an action, a column a role, a cell the scope in which the role may do it. A cell that is not named is
NONE: closed by default. Which objects a scope reaches is said once, by each model's `visible_to(user)`.
"""

from enum import StrEnum

from accounts.roles import Role


class Scope(StrEnum):
    NONE = "none"
    OWN = "own"
    CARE = "care"
    CENTRE = "centre"
    ALL = "all"


class Action(StrEnum):
    DIRECTORY_READ = "directory.read"
    ACCOUNT_OWN = "account.own"
    SESSION_BOOK = "session.book"
    SESSION_OVERBOOK = "session.overbook"
    SESSION_SEE = "session.see"
    SESSION_CHANGE = "session.change"
    SESSION_SUGGEST = "session.suggest"
    SESSION_COMPLETE = "session.complete"
    SESSION_NO_SHOW = "session.no_show"
    SESSION_CHECK_IN = "session.check_in"
    SESSION_PARTICIPANTS = "session.participants"
    CALENDAR_FEED = "calendar.feed"
    WAITLIST = "waitlist"
    WAITLIST_PRIORITY = "waitlist.priority"
    SESSION_CORRECT = "session.correct"
    SESSION_RATE = "session.rate"
    CHARGE_WAIVE = "charge.waive"
    AVAILABILITY_EDIT = "availability.edit"
    PATIENT_REGISTER = "patient.register"
    PATIENT_CREATE = "patient.create"
    STAFF_MANAGE = "staff.manage"
    CENTRE_READ = "centre.read"
    CENTRE_EDIT = "centre.edit"
    AUDIT_READ = "audit.read"
    ADMIN_SITE = "admin.site"


VISITOR = "visitor"
_P, _C, _F, _O, _M, _G, _A = (
    Role.PATIENT,
    Role.COUNSELOR,
    Role.FRONT_DESK,
    Role.CARE_COORDINATOR,
    Role.CENTRE_MANAGER,
    Role.MANAGER,
    Role.ADMIN,
)
_EVERYBODY = dict.fromkeys((VISITOR, *Role), Scope.ALL)
_OWN, _CARE, _CENTRE, _ALL = Scope.OWN, Scope.CARE, Scope.CENTRE, Scope.ALL

# fmt: off
PERMISSIONS: dict[Action, dict[str, Scope]] = {
    Action.DIRECTORY_READ:    _EVERYBODY,
    Action.ACCOUNT_OWN:       dict.fromkeys(Role, Scope.OWN),
    Action.SESSION_BOOK:      {_P: _OWN, _C: _CARE, _F: _CENTRE, _O: _CENTRE, _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.SESSION_OVERBOOK:  {                     _F: _CENTRE, _O: _CENTRE, _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.SESSION_SEE:       {_P: _OWN, _C: _OWN,  _F: _CENTRE, _O: _CENTRE, _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.SESSION_CHANGE:    {_P: _OWN, _C: _OWN,  _F: _CENTRE, _O: _CENTRE, _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.SESSION_SUGGEST:   {          _C: _OWN,  _F: _CENTRE, _O: _CENTRE, _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.SESSION_COMPLETE:  {          _C: _OWN,                            _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.SESSION_NO_SHOW:   {          _C: _OWN,  _F: _CENTRE,              _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.SESSION_CHECK_IN:  {                     _F: _CENTRE, _O: _CENTRE, _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.SESSION_PARTICIPANTS: {       _C: _OWN,  _F: _CENTRE, _O: _CENTRE, _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.CALENDAR_FEED:     {_P: _OWN, _C: _OWN},
    Action.WAITLIST:          {_P: _OWN, _C: _OWN,  _F: _CENTRE, _O: _CENTRE, _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.WAITLIST_PRIORITY: {          _C: _OWN,  _F: _CENTRE, _O: _CENTRE, _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.SESSION_CORRECT:   {                                               _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.SESSION_RATE:      {_P: _OWN},
    Action.CHARGE_WAIVE:      {                     _F: _CENTRE, _O: _CENTRE, _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.AVAILABILITY_EDIT: {          _C: _OWN,               _O: _CENTRE, _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.PATIENT_REGISTER:  {_P: _OWN, _C: _CARE, _F: _CENTRE, _O: _CENTRE, _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.PATIENT_CREATE:    {                     _F: _CENTRE, _O: _CENTRE, _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.STAFF_MANAGE:      {                                               _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.CENTRE_READ:       dict.fromkeys(Role, Scope.ALL),
    Action.CENTRE_EDIT:       {                                               _M: _CENTRE, _G: _ALL, _A: _ALL},
    Action.AUDIT_READ:        {                                                                      _A: _ALL},
    Action.ADMIN_SITE:        {                                                            _G: _ALL, _A: _ALL},
}
# fmt: on


# Row “staff and counselor accounts”: whose accounts a role creates and changes, within its scope of STAFF_MANAGE.
MANAGEABLE_ROLES: dict[str, frozenset[Role]] = {
    _M: frozenset({_F, _O, _C}),
    _G: frozenset(Role) - {_A},
    _A: frozenset(Role),
}


def may_manage_role(manager_role: str, role: str) -> bool:
    """Whether `manager_role` may create, change and deactivate accounts of `role`."""
    return role in MANAGEABLE_ROLES.get(manager_role, ())


def scope_for(role: str, action: Action) -> Scope:
    """The scope in which `role` (or VISITOR) may do `action`; NONE when the table does not name it."""
    return PERMISSIONS[action].get(role, Scope.NONE)


def role_may(user: object, action: str) -> bool:
    """Whether the role of `user` (a visitor has none) has `action` in any scope: what an endpoint asks."""
    return scope_for(getattr(user, "role", VISITOR), Action(action)) is not Scope.NONE
