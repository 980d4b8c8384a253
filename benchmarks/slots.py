"""`python -m benchmarks.slots`: free times by themselves, without HTTP: of one counselor, and the earliest over 1,000.

Each cold, with nothing in memory, and warm, asked again. Prints medians in milliseconds, how much of each is waiting
for the database, how often it was asked, and each beside the least that any request asks of it (`SELECT 1` on the same
connection). The machine is small and shared: believe the ratios.
"""

import argparse
import gc
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
A_DAY, FOURTEEN_DAYS, SIXTY_DAYS = timedelta(days=1), timedelta(days=14), timedelta(days=60)


def main() -> None:
    arguments = _arguments()
    data.prepare(with_baseline=False, keep=False)
    data.fill(data.HOUSE, (CHECKOUT / "benchmarks" / "many_counselors.sql").read_text())
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    django.setup()
    gc.collect()
    gc.freeze()  # as mentalspace/wsgi.py does
    least = _median(_nothing, arguments.repetitions)
    print(f"{'':58}{'all':>9}{'database':>10}{'rounds':>8}{'slots':>7}{'× least':>9}")
    print(f"{'SELECT 1':58}{least:9.2f}")
    for name, find in _kinds().items():
        for state, prepare in (("cold", _forget), ("warm", find)):
            prepare()
            whole, database, rounds, found = _measured(find, arguments.repetitions, is_cold=state == "cold")
            print(
                f"{f'{name}, {state}':58}{whole:9.2f}{database:10.2f}{rounds:8}{found:7}{whole / least:9.0f}",
                flush=True,
            )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=25)
    return parser.parse_args()


def _kinds() -> dict[str, Callable[[], list]]:
    from accounts.models import CounselorProfile
    from sessions_app.services.earliest import find_earliest_slots, next_free_times
    from sessions_app.services.slots import Wish, counselors_matching, find_slots

    now = datetime.now(UTC)
    ids = list(CounselorProfile.objects.order_by("pk").values_list("pk", flat=True)[:COUNSELORS])
    somebody = CounselorProfile.objects.get(user__email="counselor1@example.test").pk
    asked = {"start": now, "now": now}

    def earliest(counselor_ids: list, **wish: object) -> list:
        return find_earliest_slots(
            counselor_ids=counselor_ids, end=now + FOURTEEN_DAYS, wish=Wish(**wish), limit=20, **asked
        )

    return {
        "a day of one counselor": lambda: find_slots(
            counselor_id=somebody, start=now + A_DAY, end=now + 2 * A_DAY, wish=Wish(), now=now
        ),
        "60 days of one counselor": lambda: find_slots(
            counselor_id=somebody, end=now + SIXTY_DAYS, wish=Wish(), **asked
        ),
        f"earliest 20 of 14 days over {len(ids):,}, by video": lambda: earliest(ids, mode="video"),
        f"next free time of each of {len(ids):,}, 60 days": lambda: list(
            next_free_times(
                counselor_ids=ids, end=now + SIXTY_DAYS, wish=Wish(mode="video"), **asked
            ).values()
        ),
        "the earliest, with the counselors who fit looked up": lambda: earliest(
            counselors_matching(language="en")[:COUNSELORS], mode="video", duration_minutes=60
        ),
    }


def _forget() -> None:
    """What this process keeps in memory goes."""
    from sessions_app.kept import Kept
    from sessions_app.services import hours, known_days

    hours._kept = Kept(most=hours.MOST_KEPT)
    known_days._kept = Kept(most=known_days.MOST_KEPT, weigh=len)
    known_days._kept_starts = Kept(most=known_days.MOST_KEPT_STARTS)


def _measured(find: Callable[[], list], repetitions: int, *, is_cold: bool) -> tuple[float, float, int, int]:
    """Medians of all and of waiting for the database, the rounds that it takes, and how many slots are found."""
    from core import statements
    from sessions_app.services import hours

    waits: list[float] = []

    def timed(*asked: Any) -> Any:
        began = time.perf_counter()
        try:
            return ask(*asked)
        finally:
            waits.append(1000 * (time.perf_counter() - began))

    ask = statements.read_in_one_round_trip
    hours.read_in_one_round_trip = timed
    hours.read = lambda *statement: timed(statement)[0]
    took, waited, found = [], [], []
    for _ in range(repetitions):
        if is_cold:
            _forget()
        waits.clear()
        began = time.perf_counter()
        found = find()
        took.append(1000 * (time.perf_counter() - began))
        waited.append(sum(waits))
    hours.read_in_one_round_trip, hours.read = ask, statements.read
    return statistics.median(took), statistics.median(waited), len(waits), len(found)


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
