"""People come to a group and leave it in any order, beside a plain model of who is in and who holds a place."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DomainError
from sessions_app.models import Session, SlotHold
from sessions_app.services.booking import book_hold, book_session
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.holds import place_hold, release_hold
from sessions_app.services.participants import remove_participant
from sessions_app.services.reservations import Choice
from sessions_app.services.slots import Wish, find_slots
from tests.sessions_app.clinic import active_spans, coming, undone
from tests.sessions_app.groups import lead_group, persons
from tests.sessions_app.overlaps import double_bookings

pytestmark = pytest.mark.django_db
CAPACITY, PEOPLE = 3, 5
STEPS = ("join", "join", "hold", "book", "drop", "leave", "take out", "cancel all")


@dataclass
class Model:
    """Who is in, and who holds a place of the session that is on, or, while there is none, the time itself."""

    members: set = field(default_factory=set)
    holders: set = field(default_factory=set)

    def places_left(self):
        if not self.members:
            return 0 if self.holders else CAPACITY
        return CAPACITY - len(self.members | self.holders)

    def may_join(self, person):
        """Own holds are no obstacle; without a session, somebody else's hold of the time is."""
        if person in self.members:
            return False
        others = self.holders - {person}
        return len(self.members | others) < CAPACITY if self.members else not others

    def step(self, what, person):
        """Whether it goes through; the model is then as it is afterwards."""
        is_member, is_holder = person in self.members, person in self.holders
        goes = {
            "join": self.may_join(person),
            "hold": self.may_join(person),
            "book": is_holder,
            "drop": is_holder,
            "leave": is_member,
            "take out": is_member and len(self.members) > 1,
            "cancel all": bool(self.members),
        }[what]
        if not goes:
            return False
        if what in ("join", "book"):
            self.members.add(person)
        if what == "hold":
            self.holders.add(person)
        if what in ("join", "book", "drop"):
            self.holders.discard(person)
        if what in ("leave", "take out"):
            self.members.discard(person)
        if what == "cancel all":
            self.members.clear()
        if what in ("leave", "cancel all") and not self.members:
            self.holders.clear()  # what they held was a place in it
        return True


class Group:
    """The same, done for real."""

    def __init__(self, practice, people):
        self.practice, self.people = practice, people
        self.type_id = practice.session_types.get(kind="group").pk

    def do(self, what, number):
        person = self.people[number]
        choice = Choice(self.practice.pk, coming(), type_id=self.type_id)
        if what == "join":
            return book_session(choice=choice, patient_id=person.pk, actor=person)
        if what == "hold":
            return place_hold(choice=choice, patient_id=person.pk, actor=person)
        if what in ("book", "drop"):
            hold = SlotHold.objects.filter(patient=person.pk, is_live=True).get()
            return (
                book_hold(hold=hold, actor=person)
                if what == "book"
                else release_hold(hold=hold, actor=person)
            )
        session = Session.objects.get(status="confirmed")
        if what == "take out":
            return remove_participant(session=session, patient_id=person.pk, actor=self.practice.user)
        return cancel_session(session=session, actor=person if what == "leave" else self.practice.user)

    def goes(self, what, number):
        try:
            self.do(what, number)
        except (DomainError, Session.DoesNotExist, SlotHold.DoesNotExist):
            return False
        return True

    def places_left(self):
        slots = find_slots(
            counselor_id=self.practice.pk,
            start=coming(),
            end=coming(minute=1),
            wish=Wish(type_id=self.type_id),
        )
        return slots[0].places_left if slots else 0

    def members(self):
        on = Session.objects.filter(status="confirmed").prefetch_related("participants").first()
        return {each.patient_id for each in on.taking_part} if on else set()


ways = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, PEOPLE - 1)), min_size=4, max_size=14)


@settings(max_examples=6, deadline=None)
@given(steps=ways)
def test_who_comes_and_goes_is_as_in_a_plain_model(steps):
    walk(steps)


@pytest.mark.prove
@settings(max_examples=400, deadline=None)
@given(steps=ways)
def test_many_ways_to_come_and_go(steps):
    walk(steps)


def walk(steps):
    with undone():
        model, group = Model(), Group(lead_group(capacity=CAPACITY), persons(PEOPLE))
        for what, number in steps:
            person = group.people[number].pk
            assert group.goes(what, number) == model.step(what, person), (what, number)
            assert group.members() == model.members
            assert group.places_left() == model.places_left()
            busy = {one.pk for one in group.people if active_spans(one.pk)}
            assert busy == model.members | model.holders
        assert double_bookings() == []
