"""A storm of cancellations: many workers offer the freed times while people book, accept and decline."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from threading import Barrier

import pytest
from django.db import connection

from core import outbox
from core.errors import DomainError
from sessions_app.models import Session, SlotHold, WaitlistEntry, WaitlistOffer
from sessions_app.services.booking import book_hold, book_session
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.holds import release_hold
from sessions_app.services.offers import offer_freed_time
from sessions_app.services.reservations import Choice
from tests.factories import PatientFactory
from tests.sessions_app.clinic import book, coming, open_practice
from tests.sessions_app.figures import show
from tests.sessions_app.overlaps import deadlocks_so_far, double_bookings
from tests.sessions_app.waiting import offers_to, wait

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 6


def at_once(*jobs):
    """Each job in a thread and a connection of its own, all beginning together; what each answered."""
    start = Barrier(len(jobs))

    def run(job):
        try:
            start.wait(20)
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_one_freed_time_that_many_workers_hear_of_is_offered_to_one():
    practice, owner = open_practice(), PatientFactory().user
    session = book(practice, owner, coming())
    people = [PatientFactory().user for _ in range(4)]
    for person in people:
        wait(person, practice, latest=(coming() + timedelta(minutes=50)).time())
    cancel_session(session=session, actor=owner)
    made = at_once(*[lambda: offer_freed_time(entry_id=session.entry_id)] * WORKERS)
    assert sum(made) == 1
    assert len(offers_to(people[0])) == 1
    assert WaitlistOffer.objects.count() == 1
    assert double_bookings() == []


def the_event_again(sessions):
    """What a worker does: it hears of each cancellation, in an order of its own, and of each answer."""

    def job():
        rng = Random()
        order = list(sessions)
        rng.shuffle(order)
        made = sum(offer_freed_time(entry_id=session.entry_id) for session in order)
        for _ in range(3):
            for claim in outbox.claim_due():
                outbox.deliver(claim.entry_id)
        return made

    return job


def an_answer(patient, rng):
    def job():
        done = []
        for _ in range(6):
            for offer in WaitlistOffer.objects.filter(patient=patient.pk, outcome="open"):
                try:
                    if rng.random() < 0.5:
                        done.append(book_hold(hold=offer.hold, actor=patient).pk)
                    else:
                        release_hold(hold=offer.hold, actor=patient)
                except DomainError:
                    pass
        return done

    return job


def a_booking(practice, patient, start):
    def job():
        try:
            return book_session(choice=Choice(practice.pk, start), patient_id=patient.pk, actor=patient).pk
        except DomainError:
            return None

    return job


def storm(*, counselors, hours, people, rounds):
    rng = Random(20261121)
    practices = [open_practice() for _ in range(counselors)]
    waiting = [PatientFactory().user for _ in range(people)]
    deadlocks = deadlocks_so_far()
    for number in range(rounds):
        sessions = []
        for practice in practices:
            for hour in hours:
                try:
                    sessions.append(book(practice, PatientFactory().user, coming(3 + number, hour)))
                except DomainError:
                    continue
        for person in waiting:
            wait(person, rng.choice(practices))
            wait(person, specialization="grief")
        for session in sessions:
            cancel_session(session=session, actor=session.counselor.user)
        strangers = [PatientFactory().user for _ in range(4)]
        at_once(
            *[the_event_again(sessions)] * 3,
            *[an_answer(person, rng) for person in rng.sample(waiting, 4)],
            *[
                a_booking(rng.choice(practices), stranger, rng.choice(sessions).start)
                for stranger in strangers
            ],
        )
    assert double_bookings() == []
    assert deadlocks_so_far() == deadlocks
    return practices


def test_a_storm_of_cancellations_offers_no_time_to_two():
    storm(counselors=2, hours=(9, 11, 13, 15), people=8, rounds=2)
    offers = WaitlistOffer.objects.all()
    assert len(offers) > 4
    asked = [(offer.patient_id, offer.counselor_id, offer.start) for offer in offers]
    assert len(asked) == len(set(asked))
    # Whoever accepted has the session, and no longer waits for it.
    for offer in offers.filter(outcome="accepted"):
        assert SlotHold.objects.get(pk=offer.pk).session is not None
        assert offer.waitlist_entry.status == "booked"


@pytest.mark.prove
def test_a_long_storm_offers_no_time_to_two():
    storm(counselors=4, hours=(9, 10, 11, 12, 13, 14, 15), people=20, rounds=25)
    show(
        f"{WaitlistOffer.objects.count()} offers to {WaitlistEntry.objects.count()} who waited, "
        f"{Session.objects.filter(status='confirmed').count()} sessions on: nobody twice, no deadlock."
    )
