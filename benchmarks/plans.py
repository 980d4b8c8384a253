"""The requests that are sent, for the house and for the baseline: the same work on both sides."""

import json
import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import django
import jwt

from benchmarks import data

BASELINE_SECRET = "for-benchmarks-only-" + "x" * 40
READERS = 200
BOOKINGS_A_ROUND = 8_000
FREE_HOURS = (10, 13, 15, 17)
WORKING_HOURS = (9, 10, 11, 13, 14, 15, 16, 17)
BOOKINGS_OF_ONE = 1_900


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: str = ""

    def as_json(self) -> dict[str, object]:
        return {"method": self.method, "path": self.path, "headers": self.headers, "body": self.body}


class Planner:
    """Makes the requests of each round; a booking's time is given out once for each side."""

    def __init__(self) -> None:
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        django.setup()
        ids = data.rows(data.HOUSE, "SELECT id, role FROM accounts_user ORDER BY role, last_name::int")
        counselors = [str(id_) for id_, role in ids if role == "counselor"]
        self.counselors, self._wanted = counselors[:50], counselors[50:]
        self._rounds_of_one = 0
        self.patients = [str(id_) for id_, role in ids if role == "patient"]
        self.baseline_counselors = _strings("SELECT id FROM clinicians ORDER BY n")
        self.baseline_patients = _strings("SELECT id FROM users ORDER BY n")
        self.tokens = _house_tokens(self.patients)
        self.baseline_tokens = [_baseline_token(id_) for id_ in self.baseline_patients]
        self.today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._house_free = self._free_times()
        self._baseline_free = self._free_times()

    def nothing(self) -> list[Request]:
        return [Request("GET", "/api/nothing", _bearer(token)) for token in self.tokens[:READERS]]

    def house_list(self) -> list[Request]:
        return [
            Request("GET", "/api/sessions?page_size=20", _bearer(token)) for token in self.tokens[:READERS]
        ]

    def baseline_list(self) -> list[Request]:
        return [
            Request("GET", "/api/appointments?limit=20", _bearer(token))
            for token in self.baseline_tokens[:READERS]
        ]

    def house_slots_of_a_day(self) -> list[Request]:
        return [
            Request(
                "GET",
                f"/api/counselors/{counselor}/slots?from={day}&to={day}&duration_minutes=60",
                _bearer(token),
            )
            for counselor, day, token in self._readers(self.counselors, self.tokens)
        ]

    def baseline_slots_of_a_day(self) -> list[Request]:
        return [
            Request("GET", f"/api/slots?clinician={counselor}&date={day}", _bearer(token))
            for counselor, day, token in self._readers(self.baseline_counselors, self.baseline_tokens)
        ]

    def house_slots_of_14_days(self) -> list[Request]:
        requests = []
        for counselor, day, token in self._readers(self.counselors, self.tokens):
            last = (datetime.fromisoformat(day) + timedelta(days=13)).date()
            path = f"/api/counselors/{counselor}/slots?from={day}&to={last}&duration_minutes=60"
            requests.append(Request("GET", path, _bearer(token)))
        return requests

    def house_earliest(self) -> list[Request]:
        first = (self.today + timedelta(days=1)).date()
        last = (self.today + timedelta(days=14)).date()
        path = f"/api/slots?from={first}&to={last}&duration_minutes=60&limit=20"
        return [Request("GET", path, _bearer(token)) for token in self.tokens[:READERS]]

    def house_bookings(self) -> list[Request]:
        requests = []
        for _ in range(BOOKINGS_A_ROUND):
            counselor, patient, start = next(self._house_free)
            body = {
                "counselor": self.counselors[counselor],
                "start": start.isoformat(),
                "duration_minutes": 60,
                "mode": "video",
            }
            headers = _bearer(self.tokens[patient]) | {"Idempotency-Key": str(uuid.uuid4())}
            requests.append(Request("POST", "/api/sessions", headers, json.dumps(body)))
        return requests

    def house_bookings_of_one(self) -> list[Request]:
        """Everybody wants one counselor, each at another time: all wait for one calendar. Another one each round."""
        self._rounds_of_one += 1
        counselor = self._wanted[self._rounds_of_one % len(self._wanted)]
        requests = []
        for number in range(BOOKINGS_OF_ONE):
            start = self.today + timedelta(days=2 + number // 8, hours=WORKING_HOURS[number % 8])
            patient = len(self.patients) // 2 + (number + 137 * self._rounds_of_one) % (
                len(self.patients) // 2
            )
            body = {
                "counselor": counselor,
                "start": start.isoformat(),
                "duration_minutes": 60,
                "mode": "video",
            }
            headers = _bearer(self.tokens[patient]) | {"Idempotency-Key": str(uuid.uuid4())}
            requests.append(Request("POST", "/api/sessions", headers, json.dumps(body)))
        return requests

    def baseline_bookings(self) -> list[Request]:
        requests = []
        for _ in range(BOOKINGS_A_ROUND):
            counselor, patient, start = next(self._baseline_free)
            body = {
                "clinician_id": self.baseline_counselors[counselor],
                "start": start.isoformat().replace("+00:00", "Z"),
                "notes": "session",
            }
            headers = _bearer(self.baseline_tokens[patient])
            requests.append(Request("POST", "/api/appointments", headers, json.dumps(body)))
        return requests

    def _readers(self, counselors: list[str], tokens: list[str]) -> Iterator[tuple[str, str, str]]:
        for number in range(READERS):
            day = (self.today + timedelta(days=1 + number % 60)).date().isoformat()
            yield counselors[number % len(counselors)], day, tokens[number]

    def _free_times(self) -> Iterator[tuple[int, int, datetime]]:
        """(counselor, patient, start): each counselor's time once, and no patient twice at one time."""
        number = 0
        for day in range(2, 249):
            for hour in FREE_HOURS:
                start = self.today + timedelta(days=day, hours=hour)
                for counselor in range(50):
                    yield counselor, number % 1000, start
                    number += 1


def _house_tokens(patients: list[str]) -> list[str]:
    """Access tokens from the one mint, by signing each patient's device in."""
    from accounts.models import User
    from accounts.services.tokens import Client, open_device

    client = Client(user_agent="benchmark", ip=None)
    people = {str(user.pk): user for user in User.objects.filter(role="patient")}
    return [open_device(user=people[id_], client=client).access for id_ in patients]


def _baseline_token(user_id: str) -> str:
    claims = {"user_id": user_id, "token_type": "access", "exp": int(time.time()) + 24 * 3600}
    return jwt.encode(claims, BASELINE_SECRET, algorithm="HS256")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _strings(query: str) -> list[str]:
    try:
        return [str(row[0]) for row in data.rows(data.EXPRESS, query)]
    except Exception:  # without the baseline its tables are not there
        return []
