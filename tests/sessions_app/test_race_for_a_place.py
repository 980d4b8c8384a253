"""Many who want the last places of a group at once, over HTTP against several processes, while others leave."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from sessions_app.models import Occupancy, ParticipantStatus, Session, SessionParticipant
from tests.sessions_app.clinic import coming
from tests.sessions_app.figures import show
from tests.sessions_app.groups import lead_group, meet, persons
from tests.sessions_app.overlaps import deadlocks_so_far, double_bookings
from tests.sessions_app.race import Clients, Wanted, new_rider
from tests.sessions_app.test_race_for_a_time import let_statistics_settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("live servers")]
ROUNDS = int(os.environ.get("RACE_ROUNDS", "60"))


class Crowd:
    """Riders who each want a place in the groups of one counselor, with a connection of their own."""

    def __init__(self, addresses, *, count, capacity):
        self.practice = lead_group(capacity=capacity)
        self.group = self.practice.session_types.get(kind="group")
        self.riders = [new_rider() for _ in range(count)]
        self.clients = Clients(count, addresses)

    def wishes(self, start, *, then):
        return [
            Wanted(rider, self.practice, self.group, start, then[number % len(then)], has_key=False)
            for number, rider in enumerate(self.riders)
        ]

    def race(self, start, *, then):
        return self.clients.race(self.wishes(start, then=then))

    def come_and_go(self, session, wishes):
        """Who is in leaves, the others come, all at once; what everybody was answered."""
        in_it = {str(each.patient_id) for each in session.taking_part}
        start = Barrier(len(wishes))

        def run(connection, wanted):
            start.wait(60)
            if str(wanted.rider.user.pk) in in_it:
                return [connection.send("leave", wanted, "POST", f"/api/sessions/{session.pk}/cancel", {})]
            return connection.play(wanted)

        with ThreadPoolExecutor(len(wishes)) as pool:
            played = pool.map(run, self.clients.connections, wishes)
            return [reply for replies in played for reply in replies]


def won(replies):
    return [reply for reply in replies if reply.what in ("direct", "book") and reply.status == 201]


def refused_with_times(replies):
    """Those who came too late: each is told so, with the next times in order."""
    losers = [reply for reply in replies if reply.status >= 400]
    for reply in losers:
        assert (reply.status, reply.code) == (409, "SLOT_TAKEN"), reply.body
        starts = [slot["start"] for slot in reply.body["error"]["details"]["alternatives"]]
        assert len(set(starts)) == 3, starts
        assert starts == sorted(starts)
    return losers


def assert_whole():
    """Of each session: seats within its capacity, each once, and just those people's time taken."""
    for session in Session.objects.select_related("entry").prefetch_related("participants"):
        seats = [each.seat for each in session.taking_part]
        assert sorted(seats) == sorted(set(seats))
        assert all(1 <= seat <= session.capacity for seat in seats)
        taken = Occupancy.objects.filter(entry=session.entry, is_active=True)
        if session.status == "confirmed":
            assert seats, "a session that is on and nobody takes part"
            expected = {session.counselor_id, *(each.patient_id for each in session.taking_part)}
            assert sorted(taken.values_list("resource", flat=True)) == sorted(expected)
        else:
            assert not taken.exists()
    assert double_bookings() == []


def run_rounds(addresses, *, count, capacity, rounds):
    crowd = Crowd(addresses, count=count, capacity=capacity)
    before, requests, places = deadlocks_so_far(), 0, 0
    try:
        for number in range(rounds):
            # Nobody is there yet: the first begins the session, and the others join it.
            start = coming(3 + number)
            replies = crowd.race(start, then=["direct"])
            assert len(won(replies)) == capacity
            assert len(refused_with_times(replies)) == count - capacity
            assert len({reply.body["data"]["id"] for reply in won(replies)}) == 1
            session = Session.objects.get(start=start)
            # Who is in goes, the others come, by hold or at once.
            replies += crowd.come_and_go(session, crowd.wishes(start, then=["direct", "book"]))
            assert {reply.status for reply in replies} <= {200, 201, 409}
            assert_whole()
            # One is there: the rest is fought for, by hold or at once.
            start = coming(3 + number, 13)
            meet(crowd.practice, persons(1), start)
            replies += (last := crowd.race(start, then=["direct", "book"]))
            assert len(won(last)) == capacity - 1
            refused_with_times(last)
            assert_whole()
            requests, places = requests + len(replies), places + len(won(replies))
    finally:
        crowd.clients.close()
    let_statistics_settle(addresses)
    assert deadlocks_so_far() == before
    assert SessionParticipant.objects.exclude(status=ParticipantStatus.CANCELLED).exists()
    return requests, places


def test_exactly_as_many_as_there_are_places(live_server_processes):
    run_rounds(live_server_processes(2), count=10, capacity=3, rounds=1)


@pytest.mark.prove
def test_groups_are_never_one_too_many(live_server_processes, redis_of_tests):
    addresses = live_server_processes(4)
    requests, places = run_rounds(addresses, count=40, capacity=8, rounds=min(ROUNDS, 60))
    show(
        f"40 clients who come to groups of 8 and leave them, {len(addresses)} processes: {requests} requests,"
        f" {places} places taken, never one too many, no deadlock."
    )
