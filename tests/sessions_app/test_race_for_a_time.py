"""Races for the same times, over HTTP against several processes, with dead holds lying about and nothing sweeping."""

import os
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from sessions_app.models import Session
from tests.sessions_app.clinic import coming
from tests.sessions_app.figures import show
from tests.sessions_app.overlaps import deadlocks_so_far, double_bookings
from tests.sessions_app.race import Clients, Connection, Wanted, prepare_field, run_rounds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("live servers")]
ROUNDS = int(os.environ.get("RACE_ROUNDS", "60"))


def race(addresses, *, clients, counselors, patients, rounds):
    """The rounds, and then what must be true of the database. Returns the figures."""
    arena = prepare_field(counselors=counselors, patients=patients)
    deadlocks_before = deadlocks_so_far()
    crowd = Clients(clients, addresses)
    try:
        figures = run_rounds(arena, crowd, count=clients, rounds=rounds)
    finally:
        crowd.close()
    let_statistics_settle(addresses)
    assert deadlocks_so_far() == deadlocks_before
    assert double_bookings() == []
    assert Session.objects.count() == figures.wins
    assert figures.wins >= rounds
    return figures


def let_statistics_settle(addresses):
    """A server process reports its counts with its first transaction after a second."""
    time.sleep(1.1)
    for address in addresses:
        urllib.request.urlopen(f"{address}/api/slots?limit=1").close()


def test_sixteen_clients_at_once_never_share_a_time(live_server_processes):
    race(live_server_processes(2), clients=16, counselors=2, patients=12, rounds=5)


@pytest.mark.prove
@pytest.mark.parametrize(("counselors", "patients"), [(1, 64), (3, 48)])
def test_sixty_four_clients_at_once_never_share_a_time(
    live_server_processes, redis_of_tests, counselors, patients
):
    addresses = live_server_processes(4)
    began = time.monotonic()
    figures = race(addresses, clients=64, counselors=counselors, patients=patients, rounds=ROUNDS)
    show(
        f"64 clients, {patients} patients, {counselors} counselors, {len(addresses)} processes, {ROUNDS} rounds,"
        f" {figures.dead_holds} expired holds in the way, {time.monotonic() - began:.0f} s:"
        f" {len(figures.replies)} requests, {figures.wins} sessions booked, nobody twice, no deadlock."
    )
    for line in figures.lines():
        show(line)


def test_sixteen_clicks_on_one_hold_make_one_session(live_server_processes):
    addresses = live_server_processes(2)
    arena = prepare_field(counselors=1, patients=1)
    (counselor,), (rider,) = arena.counselors, arena.riders
    wanted = Wanted(rider, counselor, arena.types[counselor.pk][0], coming(), "hold", False)
    connections = [Connection(addresses[number % 2]) for number in range(16)]
    (held,) = connections[0].play(wanted)
    at_once = Barrier(16)

    def click(connection):
        at_once.wait(20)
        return connection.send("book", wanted, "POST", "/api/sessions", {"hold": held.body["data"]["id"]})

    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(click, connections))
    assert {reply.status for reply in replies} == {201}
    assert len({reply.body["data"]["id"] for reply in replies}) == 1
    assert Session.objects.count() == 1
