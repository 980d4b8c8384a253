"""Effects after a commit: at least once, and each handler until it has succeeded (docs/transactions.md)."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Now
from kombu.exceptions import OperationalError as BrokerAway

from core import outbox, relay
from core.facts import fact
from core.ids import uuid7
from core.models import OutboxEntry
from core.tasks import deliver_outbox_entry


class Ear:
    """A handler that remembers what it heard, and fails as often as it is told to."""

    def __init__(self, failures=0):
        self.failures = failures
        self.heard = []

    def __call__(self, payload):
        self.heard.append(payload)
        if len(self.heard) <= self.failures:
            raise ConnectionError("away")


def announce(event="thing.happened", **ids):
    with fact(actor=None) as current:
        current.announce(event, **ids)


def make_due():
    OutboxEntry.objects.filter(done_at=None).update(available_at=Now())


def hand_out():
    """What relay and worker do, without either."""
    for claim in outbox.claim_due():
        try:
            outbox.deliver(claim.entry_id)
        except ConnectionError:
            pass


def test_an_event_reaches_all_its_handlers_once(db, handlers):
    first, second = Ear(), Ear()
    outbox.register("thing.happened", "first", first)
    outbox.register("thing.happened", "second", second)
    thing = uuid7()
    announce(thing=thing, count=3, nothing=None)
    hand_out()
    hand_out()
    assert first.heard == second.heard == [{"thing": str(thing), "count": 3, "nothing": None}]
    assert OutboxEntry.objects.get().done_at is not None


def test_change_and_event_are_committed_together_or_not_at_all(db, handlers):
    outbox.register("thing.happened", "ear", Ear())
    with pytest.raises(ZeroDivisionError), fact(actor=None) as current:  # noqa: PT012
        current.announce("thing.happened")
        _ = 1 / 0
    assert not OutboxEntry.objects.exists()


def test_an_event_that_nobody_hears_leaves_no_row(db, handlers):
    announce("nobody.listens")
    assert not OutboxEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_failed_is_tried_again_and_the_others_are_not(db, handlers):
    failing, steady = Ear(failures=2), Ear()
    outbox.register("thing.happened", "failing", failing)
    outbox.register("thing.happened", "steady", steady)
    announce()
    for expected in (1, 2, 3):
        hand_out()
        assert len(failing.heard) == expected
        assert len(steady.heard) == 1
        make_due()
    entry = OutboxEntry.objects.get()
    assert entry.done_at is not None
    assert entry.pending == []
    assert entry.last_error == "ConnectionError"


def test_a_failing_handler_waits_longer_each_time(db, handlers):
    outbox.register("thing.happened", "failing", Ear(failures=100))
    announce()
    waits = []
    for _ in range(12):
        make_due()
        hand_out()
        (wait,) = OutboxEntry.objects.values_list(F("available_at") - Now(), flat=True)
        waits.append(round(wait.total_seconds()))
    assert waits[:4] == [10, 20, 40, 80]
    assert waits[-1] == 3600


def test_what_was_handed_out_is_not_due_until_its_lease_ends(db, handlers):
    ear = Ear()
    outbox.register("thing.happened", "ear", ear)
    announce()
    (claim,) = outbox.claim_due()  # and now the relay dies
    assert outbox.claim_due() == []
    OutboxEntry.objects.update(available_at=Now())
    assert [again.entry_id for again in outbox.claim_due()] == [claim.entry_id]


def test_whoever_starts_late_renews_the_lease(db, handlers):
    leases = []
    outbox.register(
        "thing.happened",
        "ear",
        lambda _: leases.append(OutboxEntry.objects.filter(available_at__gt=Now()).exists()),
    )
    announce()
    (claim,) = outbox.claim_due()
    make_due()
    outbox.deliver(claim.entry_id)
    assert leases == [True]


def test_what_could_not_be_handed_out_is_given_back_uncounted(db, handlers):
    outbox.register("thing.happened", "ear", Ear())
    announce()
    claims = outbox.claim_due()
    outbox.give_back(claims, due_in=timedelta(0))
    assert OutboxEntry.objects.get().attempts == 0
    assert outbox.claim_due() == claims


def test_without_a_broker_all_is_due_at_the_next_sweep_and_the_urgent_is_done(db, handlers, monkeypatch):
    """As processes, with a Redis that is really away: test_relay_events.py."""

    def away(*_, **__):
        raise BrokerAway

    monkeypatch.setattr(deliver_outbox_entry, "apply_async", away)
    patient, urgent = Ear(), Ear()
    outbox.register("thing.happened", "patient", patient)
    outbox.register("thing.burns", "urgent", urgent, is_urgent=True)
    for event in ("thing.happened", "thing.burns", "thing.happened"):
        announce(event)
    assert relay.hand_out_due() == 3
    assert (len(patient.heard), len(urgent.heard)) == (0, 1)
    soon = Now() + Value(timedelta(seconds=relay.SWEEP_SECONDS))
    waiting = OutboxEntry.objects.filter(done_at=None)
    assert (
        waiting.filter(attempts=0, available_at__lte=soon, available_at__gt=Now()).count()
        == waiting.count()
        == 2
    )


def test_a_handler_of_a_newer_release_is_waited_for(db, handlers):
    known = Ear()
    outbox.register("thing.happened", "known", known)
    outbox.register("thing.happened", "newer", Ear())
    announce()
    del handlers["thing.happened"]["newer"]
    (claim,) = outbox.claim_due()
    with pytest.raises(outbox.UnknownHandlerError):
        outbox.deliver(claim.entry_id)
    entry = OutboxEntry.objects.get()
    assert entry.pending == ["newer"]
    assert entry.done_at is None
    newer = Ear()
    outbox.register("thing.happened", "newer", newer)
    outbox.deliver(claim.entry_id)
    assert len(newer.heard) == len(known.heard) == 1
    assert OutboxEntry.objects.get().done_at is not None


def test_two_handlers_of_one_name_are_refused(handlers):
    ear = Ear()
    outbox.register("thing.happened", "ear", ear)
    outbox.register("thing.happened", "ear", ear)
    with pytest.raises(ValueError, match="ear"):
        outbox.register("thing.happened", "ear", Ear())


def test_urgent_handlers_can_be_run_alone(db, handlers):
    urgent, patient = Ear(), Ear()
    outbox.register("thing.happened", "urgent", urgent, is_urgent=True)
    outbox.register("thing.happened", "patient", patient)
    announce()
    (claim,) = outbox.claim_due()
    assert outbox.urgent_handlers(claim) == ["urgent"]
    outbox.deliver(claim.entry_id, only=["urgent"])
    assert (len(urgent.heard), len(patient.heard)) == (1, 0)
    outbox.deliver(claim.entry_id)
    assert (len(urgent.heard), len(patient.heard)) == (1, 1)
    assert OutboxEntry.objects.get().done_at is not None


def test_an_entry_that_is_gone_or_done_is_no_error(db, handlers):
    outbox.deliver(uuid7())


def test_what_was_done_long_ago_is_purged_and_nothing_else(db, handlers):
    outbox.register("thing.happened", "ear", Ear())
    for _ in range(3):
        announce()
    done, old, waiting = OutboxEntry.objects.all()
    OutboxEntry.objects.filter(pk=done.pk).update(done_at=Now())
    OutboxEntry.objects.filter(pk=old.pk).update(done_at=Now() - timedelta(days=8))
    assert outbox.purge_done() == 1
    assert set(OutboxEntry.objects.all()) == {done, waiting}


@pytest.mark.django_db(transaction=True)
def test_two_relays_at_once_share_the_entries(handlers):
    outbox.register("thing.happened", "ear", Ear())
    with fact(actor=None) as current:
        for _ in range(300):
            current.announce("thing.happened")
    claimed: list[list] = [[], [], [], []]
    barrier = threading.Barrier(4)

    def relay(number):
        barrier.wait()
        while claims := outbox.claim_due(limit=7):
            claimed[number] += [claim.entry_id for claim in claims]
        connection.close()

    threads = [threading.Thread(target=relay, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [entry for share in claimed for entry in share]
    assert len(everything) == len(set(everything)) == 300


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_entry_lose_no_success(handlers):
    both_inside = threading.Barrier(2, timeout=10)

    def meet(_payload):
        try:
            both_inside.wait()
        except threading.BrokenBarrierError:
            pass

    after = Ear()
    outbox.register("thing.happened", "meet", meet)
    outbox.register("thing.happened", "after", after)
    announce()
    (claim,) = outbox.claim_due()

    def work():
        outbox.deliver(claim.entry_id)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entry = OutboxEntry.objects.get()
    assert entry.pending == []
    assert entry.done_at is not None
    assert 1 <= len(after.heard) <= 2
