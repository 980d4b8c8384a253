"""Holds that run out while they are renewed, booked, released, replaced and swept: no deadlock, no overlap."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random

import pytest
from django.db import connection
from django.utils import timezone

from core.errors import DomainError
from sessions_app.models import Session, SlotHold
from sessions_app.services.booking import book_hold, book_session
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.holds import place_hold, release_hold, renew_hold, sweep_expired_holds
from sessions_app.services.reservations import Choice
from tests.factories import PatientFactory
from tests.sessions_app.clinic import coming, open_practice
from tests.sessions_app.figures import show
from tests.sessions_app.overlaps import deadlocks_so_far, double_bookings

pytestmark = pytest.mark.django_db(transaction=True)
HOLDERS, SWEEPERS = 5, 2


def about_to_expire():
    """The time at which a hold would have been placed that runs out within a blink."""
    return timezone.now() - timedelta(minutes=4, seconds=59, milliseconds=980)


def one_of_many_things(rng, counselors, patients):
    """What a hurried patient does next; most of it concerns the hold that they just placed."""
    patient, counselor = rng.choice(patients), rng.choice(counselors)
    choice = Choice(counselor.pk, coming(3) + rng.randrange(6) * timedelta(minutes=15))
    live = SlotHold.objects.filter(patient=patient.pk, is_live=True).first()
    what = rng.choice(["hold", "hold", "renew", "release", "book", "direct", "cancel"])
    if what == "hold":
        place_hold(choice=choice, patient_id=patient.pk, actor=patient, now=about_to_expire())
    elif what == "direct":
        book_session(choice=choice, patient_id=patient.pk, actor=patient)
    elif what == "cancel":
        session = Session.objects.filter(participants__patient=patient.pk, status="confirmed").first()
        if session:
            cancel_session(session=session, actor=patient)
    elif not live:
        return "nothing"
    else:
        {"renew": renew_hold, "release": release_hold, "book": book_hold}[what](hold=live, actor=patient)
    return what


def hurry(seconds):
    """How often what went through, or which refusal it met."""
    counselors, patients = [open_practice() for _ in range(2)], [PatientFactory().user for _ in range(3)]
    over = time.monotonic() + seconds

    def hold_and_book(seed):
        rng, told = Random(seed), Counter()
        while time.monotonic() < over:
            try:
                told[one_of_many_things(rng, counselors, patients)] += 1
            except DomainError as error:
                told[error.code] += 1
        connection.close()
        return told

    def sweep(_):
        swept = 0
        while time.monotonic() < over:
            swept += sweep_expired_holds()
        connection.close()
        return Counter(swept=swept)

    with ThreadPoolExecutor(HOLDERS + SWEEPERS) as pool:
        work = [pool.submit(hold_and_book, seed) for seed in range(HOLDERS)]
        work += [pool.submit(sweep, number) for number in range(SWEEPERS)]
        return sum((done.result() for done in work), Counter())


def nothing_went_wrong(seconds):
    before = deadlocks_so_far()
    told = hurry(seconds)
    time.sleep(1.1)
    Session.objects.exists()  # with its first transaction after a second a connection reports its counts
    assert deadlocks_so_far() == before
    assert double_bookings() == []
    assert told["hold"]
    assert told["book"] + told["direct"]
    return told


def test_nothing_deadlocks_while_holds_run_out_and_are_swept():
    nothing_went_wrong(2)


@pytest.mark.prove
def test_nothing_deadlocks_while_holds_run_out_and_are_swept_for_a_minute():
    told = nothing_went_wrong(60)
    show(f"A minute of holds that run out at once: {dict(told)}; no deadlock, nobody twice.")
