"""`make bench`: the main job's requests beside bare SQL, a do-nothing endpoint and the Express baseline, in one run.

Rounds alternate between the sides, nothing else should be running, and what is printed last is medians and ratios.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import bare, data, plans, servers

CONNECTIONS = 16
COLD = "slots of a day, cold"
SAME_AS = {COLD: "slots of a day"}
"""What the baseline answers to the same question."""


@dataclass
class Target:
    """One kind of request on one side, and what was measured of it."""

    name: str
    side: str
    address: str
    requests: Callable[[], list[plans.Request]]
    is_once: bool = False
    per_second: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)


def main() -> None:
    arguments = _arguments()
    data.prepare(with_baseline=arguments.baseline, keep=arguments.keep)
    planner = plans.Planner()
    with ExitStack() as stack:
        house = stack.enter_context(servers.granian())
        targets = _house_targets(planner, house)
        forgetful = stack.enter_context(servers.granian(FREE_TIMES_IN_MEMORY="false"))
        targets.append(Target(COLD, "house", forgetful, planner.house_slots_of_a_day))
        if arguments.baseline:
            baseline = stack.enter_context(servers.express(data.baseline_url(), plans.BASELINE_SECRET))
            targets += _baseline_targets(planner, baseline)
        targets = [target for target in targets if arguments.only in target.name]
        targets.sort(key=lambda target: (target.name, target.side))
        for number in range(arguments.rounds):
            for target in targets if number % 2 == 0 else reversed(targets):
                _measure(target, arguments.seconds)
    _report(targets, bare.measure(planner) if not arguments.only else {})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--only", default="", help="only targets whose name contains this")
    parser.add_argument("--keep", action="store_true", help="the data of the last run: not for bookings")
    parser.add_argument("--no-baseline", dest="baseline", action="store_false", help="without Node")
    return parser.parse_args()


def _house_targets(planner: plans.Planner, address: str) -> list[Target]:
    return [
        Target("nothing", "house", address, planner.nothing),
        Target("list of 20", "house", address, planner.house_list),
        Target("slots of a day", "house", address, planner.house_slots_of_a_day),
        Target("slots of 14 days", "house", address, planner.house_slots_of_14_days),
        Target("earliest over all", "house", address, planner.house_earliest),
        Target("book", "house", address, planner.house_bookings, is_once=True),
        Target("book one counselor", "house", address, planner.house_bookings_of_one, is_once=True),
    ]


def _baseline_targets(planner: plans.Planner, address: str) -> list[Target]:
    return [
        Target("list of 20", "express", address, planner.baseline_list),
        Target("slots of a day", "express", address, planner.baseline_slots_of_a_day),
        Target("book", "express", address, planner.baseline_bookings, is_once=True),
    ]


def _measure(target: Target, seconds: float) -> None:
    host, port = target.address.removeprefix("http://").split(":")
    plan = {
        "host": host,
        "port": int(port),
        "connections": CONNECTIONS,
        "warmup": 0.7,
        "seconds": seconds,
        "once": target.is_once,
        "requests": [request.as_json() for request in target.requests()],
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(plan, file)
        file.flush()
        result, cpu = _run_load(Path(file.name), servers.PIDS[target.address])
    if set(result["statuses"]) - {"200", "201"}:
        raise SystemExit(f"{target.side} {target.name}: {result['statuses']}\n{result['sample']}")
    target.per_second.append(result["per_second"])
    target.cpu_us.append(1e6 * cpu / max(result["requests"], 1))
    target.p50_ms.append(result["p50_ms"])
    target.p99_ms.append(result["p99_ms"])
    print(
        f"  {target.side:8} {target.name:20} {result['per_second']:8.0f}/s  {target.cpu_us[-1]:6.0f} µs CPU"
        f"  p50 {result['p50_ms']:6.2f} ms  p99 {result['p99_ms']:6.2f} ms"
        + ("  (ran out of requests)" if result["ran_out"] else ""),
        flush=True,
    )


def _run_load(plan: Path, server_pid: int) -> tuple[dict, float]:
    """The generator's result, and the server's CPU seconds while it measured."""
    load = subprocess.Popen(
        ["node", str(servers.CHECKOUT / "benchmarks" / "load.mjs"), str(plan)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert load.stdout is not None
    if load.stdout.readline().strip() != "START":
        raise SystemExit("The load generator did not start.")
    before = servers.cpu_seconds(server_pid)
    result = json.loads(load.stdout.readline())
    after = servers.cpu_seconds(server_pid)
    load.wait()
    return result, after - before


def _report(targets: list[Target], bare_us: dict[str, float]) -> None:
    medians = {(target.side, target.name): statistics.median(target.per_second) for target in targets}
    nothing = medians.get(("house", "nothing"))
    print("\nMedians over the rounds")
    heads = {
        "req/s": 8,
        "CPU µs": 8,
        "p50 ms": 8,
        "p99 ms": 8,
        "× express": 11,
        "× nothing": 11,
        "SQL alone ms": 14,
    }
    print(" " * 30 + "".join(f"{head:>{width}}" for head, width in heads.items()))
    for target in targets:
        rate = medians[target.side, target.name]
        express = medians.get(("express", SAME_AS.get(target.name, target.name)))
        is_house = target.side == "house"
        print(
            f"{target.side:9}{target.name:21}{rate:8.0f}{statistics.median(target.cpu_us):8.0f}"
            f"{statistics.median(target.p50_ms):8.2f}{statistics.median(target.p99_ms):8.2f}"
            f"{f'{rate / express:.2f}' if express and is_house else '':>11}"
            f"{f'{rate / nothing:.2f}' if nothing and is_house else '':>11}"
            f"{f'{bare_us[target.name]:.2f}' if is_house and target.name in bare_us else '':>14}"
        )


if __name__ == "__main__":
    main()
