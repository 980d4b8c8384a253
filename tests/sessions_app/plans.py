"""What counselors send to plan their hours: weeks, time away, extra hours, booking rules."""


def address(counselor, more=""):
    return f"/api/counselors/{counselor.pk}/availability{more}"


def week(start="09:00", end="17:00", **more):
    """The same hours every day of the week, UTC."""
    return [{"weekday": day, "start": start, "end": end, "timezone": "UTC", **more} for day in range(7)]


def away(first, last=None, **more):
    """Whole days away from the date of `first` to that of `last`, UTC; or with `start` and `end`."""
    days = {"first_day": str(first.date()), "last_day": str((last or first).date())}
    return {"kind": "unavailable", "timezone": "UTC", **days, **more}


def extra(day, start, end, **more):
    return away(day, **more) | {"kind": "extra", "start": start, "end": end}


def put(client, counselor, *exceptions, rules=None, **booking):
    body = {"rules": week() if rules is None else rules, "exceptions": list(exceptions)}
    if booking:
        body["booking"] = {"timezone": "UTC", **booking}
    return client.put(address(counselor), body, format="json")
