"""The rows of the page of hours, as its fragments _hours_editor.html and _exceptions_editor.html show them."""

from datetime import date, time
from typing import Any

from sessions_app.forms.hours import ONLINE, ExceptionForm, RuleForm
from sessions_app.models import AvailabilityException, AvailabilityRule, ExceptionKind, Weekday
from sessions_app.views.hours_saved import Saved


def rows_by_day(formset: Any, saved: Saved) -> list[dict[str, Any]]:
    """The formset's rows by weekday.

    Each day's blank row is for readers without scripts; others add rows as they need them.
    """
    days: list[dict[str, Any]] = [
        {"weekday": day.value, "name": day.label, "rows": [], "blank": None} for day in Weekday
    ]
    blank_days = iter(Weekday)
    for number, form in enumerate(formset):
        weekday = str(form["weekday"].value())
        if not formset.is_bound and number >= formset.initial_form_count():
            days[next(blank_days)]["blank"] = {"prefix": form.prefix, "every_weeks": "1"}
        elif weekday.isdigit() and int(weekday) < len(days):
            days[int(weekday)]["rows"].append(_rule_row(form, saved))
    return days


def exception_rows(formset: Any, saved: Saved) -> list[dict[str, Any]]:
    """The exceptions that were there or were typed, and one empty row to fill."""
    return [_exception_row(form, saved) for form in formset]


def _rule_row(form: RuleForm, saved: Saved) -> dict[str, Any]:
    row = _row(form, saved, saved.rules)
    weeks, valid_from, valid_until = (
        _on_the_wall(form[name].value()) for name in ("every_weeks", "valid_from", "valid_until")
    )
    return row | {
        "every_weeks": weeks or "1",
        "valid_from": valid_from,
        "valid_until": valid_until,
        "has_more": weeks not in ("", "1") or bool(valid_from or valid_until),
    }


def _exception_row(form: ExceptionForm, saved: Saved) -> dict[str, Any]:
    return _row(form, saved, saved.exceptions) | {
        "kind": str(form["kind"].value() or ExceptionKind.UNAVAILABLE),
        "first_day": _on_the_wall(form["first_day"].value()),
        "last_day": _on_the_wall(form["last_day"].value()),
    }


def _row(
    form: RuleForm | ExceptionForm,
    saved: Saved,
    rows: dict[str, AvailabilityRule] | dict[str, AvailabilityException],
) -> dict[str, Any]:
    row_id = str(form["id"].value() or "")
    was = rows.get(row_id)
    return {
        "prefix": form.prefix,
        "pk": row_id,
        "start": _on_the_wall(form["start"].value()),
        "end": _on_the_wall(form["end"].value()),
        "place": str(form["place"].value() or ONLINE),
        "errors": [sentence for sentences in form.errors.values() for sentence in sentences],
        "is_removed": bool(form["DELETE"].value()),
        "own_zone": was.timezone if was and was.timezone != saved.zone else "",
    }


def _on_the_wall(value: Any) -> str:
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return value.isoformat() if isinstance(value, date) else str(value or "")
