"""`python -m benchmarks.slots`: free times by themselves, without HTTP: of one counselor, and the earliest over 1,000.

Prints medians in milliseconds, how much of each is waiting for the database, how often it was asked, and each beside
the least that any request asks of it (`SELECT 1` on the same connection). The machine is small and shared: believe the
ratios.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import django

from benchmarks import data
from benchmarks.servers import CHECKOUT

COUNSELORS = 1_000
SIXTY_DAYS, FOURTEEN_DAYS = timedelta(days=60), timedelta(days=14)


def main() -> None:
    arguments = _arguments()
    data.prepare(with_baseline=False, keep=False)
    data.fill(data.HOUSE, (CHECKOUT / "benchmarks" / "many_counselors.sql").read_text())
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    django.setup()
    least = _median(_nothing, arguments.repetitions)
    print(f"{'':52}{'all':>9}{'database':>10}{'rounds':>8}{'slots':>7}{'× least':>9}")
    print(f"{'SELECT 1':52}{least:9.2f}")
    for name, find in _kinds().items():
        clock = _DatabaseClock()
        found = find()
        whole = _median(find, arguments.repetitions)
        clock.measure(find, arguments.repetitions)
        print(
            f"{name:52}{whole:9.2f}{clock.median:10.2f}{clock.rounds:8}{len(found):7}{whole / least:9.0f}",
            flush=True,
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=25)
    return parser.parse_args()


def _kinds() -> dict[str, Callable[[], list]]:
    from accounts.models import CounselorProfile
    from sessions_app.services.earliest import find_earliest_slots
    from sessions_app.services.slots import Wish, counselors_matching, find_slots

    now = datetime.now(UTC)
    ids = list(CounselorProfile.objects.order_by("pk").values_list("pk", flat=True)[:COUNSELORS])
    asked = {"start": now, "now": now}

    def earliest(counselor_ids: list, **wish: object) -> list:
        return find_earliest_slots(
            counselor_ids=counselor_ids, end=now + FOURTEEN_DAYS, wish=Wish(**wish), limit=20, **asked
        )

    return {
        "60 days of one counselor": lambda: find_slots(
            counselor_id=ids[0], end=now + SIXTY_DAYS, wish=Wish(), **asked
        ),
        f"earliest 20 of 14 days over {len(ids):,}, by video": lambda: earliest(ids, mode="video"),
        "the same, with the counselors who fit looked up": lambda: earliest(
            counselors_matching(language="en")[:COUNSELORS], mode="video", duration_minutes=60
        ),
    }


class _DatabaseClock:
    """How long one search waits for the database, and how many rounds it goes there."""

    median = 0.0
    rounds = 0

    def measure(self, find: Callable[[], object], repetitions: int) -> None:
        from sessions_app.services import calendars

        ask = calendars.read_in_one_round_trip
        took: list[float] = []

        def timed(*statements: Any) -> Any:
            began = time.perf_counter()
            try:
                return ask(*statements)
            finally:
                took.append(1000 * (time.perf_counter() - began))

        calendars.read_in_one_round_trip = timed
        totals = []
        for _ in range(repetitions):
            took.clear()
            find()
            totals.append(sum(took))
        calendars.read_in_one_round_trip = ask
        self.median, self.rounds = statistics.median(totals), len(took)


def _nothing() -> object:
    from core.statements import read_in_one_round_trip

    return read_in_one_round_trip(("SELECT 1", []))


def _median(work: Callable[[], object], repetitions: int) -> float:
    took = []
    for _ in range(repetitions):
        began = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


if __name__ == "__main__":
    main()
