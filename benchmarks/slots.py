"""`python -m benchmarks.slots`: free times by themselves, without HTTP: of one counselor, and the earliest over 1,000.

Prints medians in milliseconds, how much of each is the statement, and each beside the least that any request asks of
the database (`SELECT 1` on the same connection). The machine is small and shared: believe the ratios.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

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
    print(f"{'':52}{'all':>9}{'statement':>11}{'slots':>8}{'× least':>9}")
    print(f"{'SELECT 1':52}{least:9.2f}")
    for name, find in _kinds().items():
        found = find()
        whole = _median(find, arguments.repetitions)
        statement = _median(_statement_of(find), arguments.repetitions)
        print(f"{name:52}{whole:9.2f}{statement:11.2f}{len(found):8}{whole / least:9.0f}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=25)
    return parser.parse_args()


def _kinds() -> dict[str, Callable[[], list]]:
    from accounts.models import CounselorProfile
    from sessions_app.services.slots import Wish, counselors_matching, find_earliest_slots, find_slots

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


def _statement_of(find: Callable[[], list]) -> Callable[[], object]:
    """The statement that `find` reads calendars by, alone, its rows fetched."""
    from sessions_app.services import slots
    from sessions_app.services.calendars import read_calendars

    caught: list[tuple[object, dict]] = []

    def catch(ids: object, **window: object) -> object:
        caught.append((ids, window))
        return read_calendars(ids, **window)

    slots.read_calendars = catch
    find()
    slots.read_calendars = read_calendars
    (ids, window) = caught[-1]
    return lambda: _rows(ids, window)


def _rows(ids: object, window: dict) -> object:
    from core.statements import read_in_one_round_trip
    from sessions_app.services.calendars import calendars_statement

    return read_in_one_round_trip(calendars_statement(ids, window["start"], window["end"], None))


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
