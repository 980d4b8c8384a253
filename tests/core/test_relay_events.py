"""The relay and the workers as processes, killed, hung and cut off: every committed event has its effect."""

import random
import signal
import time

import psycopg
import pytest
from django.db import connection
from django.db.models.functions import Now

from core import outbox
from core.models import OutboxEntry
from tests.core import effects as effects_of_tests
from tests.core.house import House, announce, effects, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(handlers, tmp_path):
    for event in ("test.effect", "test.urgent"):
        outbox.register(event, "tests.leave_a_row", effects_of_tests.leave_a_row, is_urgent="urgent" in event)
    with connection.cursor() as cursor:
        cursor.execute(effects_of_tests.TABLE)
    started = House(tmp_path)
    yield started
    started.stop()


def all_came(numbers):
    return lambda: set(effects()) == set(numbers) and not OutboxEntry.objects.filter(done_at=None).exists()


def without_postgresql(*, seconds: float) -> None:
    """What its restart is to the others: every connection cut, and none let in for a while."""
    database = connection.settings_dict["NAME"]
    connection.close()
    parameters = connection.get_connection_params() | {"dbname": "postgres"}
    for django_only in ("cursor_factory", "context", "prepare_threshold", "pool"):
        parameters.pop(django_only, None)
    with psycopg.connect(**parameters, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
        )
        time.sleep(seconds)
        server.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")


def test_an_event_is_handed_out_at_once_and_a_failing_one_until_it_succeeds(house):
    house.start_redis()
    house.start_worker()
    relay = house.start_relay(sweep_seconds=4)
    announce(0)
    wait_until(all_came([0]), "the first effect, after everything has started")
    began = time.monotonic()
    announce(1)
    wait_until(all_came([0, 1]), "the second effect")
    assert time.monotonic() - began < 2  # woken, not swept
    announce(2, failures=1)
    wait_until(all_came([0, 1, 2]), "the effect that failed at first")
    assert effects() == {0: 1, 1: 1, 2: 2}
    relay.send_signal(signal.SIGTERM)
    assert relay.wait(timeout=10) == 0


def test_nothing_is_lost_when_relays_and_workers_are_killed(house):
    house.start_redis()
    for number in range(20):
        announce(number)  # committed while no relay is there to be woken
    outbox.claim_due(limit=5)  # a relay that died between taking and handing out
    relay, worker = house.start_relay(), house.start_worker()
    wait_until(lambda: len(effects()) >= 5, "some effects")
    house.kill(worker)
    for number in range(20, 60):
        announce(number)
    house.kill(relay)
    house.start_relay()
    house.start_relay()
    house.start_worker()
    OutboxEntry.objects.filter(done_at=None).update(available_at=Now())  # the claims' real lease is long
    wait_until(all_came(range(60)), "all effects")
    assert max(effects().values()) <= 3


def test_without_redis_the_urgent_goes_out_and_the_rest_waits_for_it(house):
    house.start_relay()
    announce(1)
    announce(2, event="test.urgent")
    wait_until(lambda: 2 in effects(), "the urgent effect without Redis")
    assert 1 not in effects()
    house.start_redis()
    house.start_worker()
    wait_until(all_came([1, 2]), "the other one, when Redis was back")
    house.stop_redis()
    announce(3)
    announce(4, event="test.urgent")
    wait_until(lambda: 4 in effects(), "the urgent effect when Redis has gone again")
    house.start_redis()
    wait_until(all_came([1, 2, 3, 4]), "the rest, when it has come again")
    assert OutboxEntry.objects.filter(attempts__gt=5).count() == 0


def test_the_relay_comes_back_when_postgresql_does(house):
    house.start_relay(sweep_seconds=4)
    announce(1, event="test.urgent")
    wait_until(all_came([1]), "an effect before")
    without_postgresql(seconds=1)
    announce(2, event="test.urgent")
    wait_until(all_came([1, 2]), "an effect after")
    began = time.monotonic()
    announce(3, event="test.urgent")
    wait_until(all_came([1, 2, 3]), "an effect that wakes it again")
    assert time.monotonic() - began < 2  # woken, not swept


@pytest.mark.prove
def test_thousands_of_events_survive_bad_luck(house, capsys):
    """Relays and workers killed in turn, Redis three times, PostgreSQL's connections twice, while events come in."""
    house.start_redis()
    running = {kind: [start(), start()] for kind, start in starters(house).items()}
    number, dice = 0, random.Random(20261120)
    for round_ in range(12):
        for _ in range(250):
            announce(number, failures=dice.choice([0, 0, 0, 0, 1]))
            number += 1
        kind = dice.choice(["relay", "worker"])
        house.kill(running[kind].pop(0))
        if round_ % 6 == 2:
            house.stop_redis()
            time.sleep(1)
            house.start_redis()
        if round_ % 9 == 8:
            house.hang_redis(seconds=7)
        if round_ % 9 == 4:
            without_postgresql(seconds=1)
        running[kind].append(starters(house)[kind]())
        time.sleep(dice.random() * 2)
    wait_until(all_came(range(number)), "every effect", seconds=180)
    runs = effects()
    with capsys.disabled():
        repeated = sum(count > 2 for count in runs.values())
        print(
            f"\n  outbox: {number} events, 0 lost, {repeated} run too often, {max(runs.values())} times at most"
        )


def starters(house):
    return {"relay": house.start_relay, "worker": house.start_worker}
