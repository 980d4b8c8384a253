"""What random people do to sessions over the API, and what must be so after each step, by the model of state_model.py.

Time passes by moving all that was written into the past: the clocks, Python's and the database's, stay as they are.
"""

from collections import Counter
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

import orjson
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from accounts.models import AuditEvent, CounselorProfile
from sessions_app.models import CalendarEntry, CancellationCharge, Occupancy, Session, SessionRating
from tests.cast import signed_in_client
from tests.sessions_app.clinic import ask_session, ask_to_book_hold, ask_to_cancel, open_practice, wanted
from tests.sessions_app.overlaps import double_bookings
from tests.sessions_app.state_model import MAY, Appointment, Kept, Model, Person, Practice, Terms

QUARTER = timedelta(minutes=15)
SOON = timedelta(minutes=8)
"""Starts lie so long after now, and quarters of an hour from there: so near that they can be begun, or just past."""
PATHS = {"no_show": "no-show", "waive": "cancellation/waive"}
AUDITED = {
    "cancel": "session.cancelled",
    "reschedule": "session.rescheduled",
    "start": "session.started",
    "complete": "session.completed",
    "no_show": "session.no_show",
    "correct": "session.corrected",
    "rate": "session.rated",
    "waive": "session.charge_waived",
}


class Walk(RuleBasedStateMachine):
    steps = 0
    done: Counter[str] = Counter()

    def __init__(self, people: list[Person]) -> None:
        super().__init__()
        self.people = people
        self.patients = [person for person in people if person.role == "patient"]
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.frozen = time_machine.travel(datetime.now().astimezone(), tick=False)
        self.frozen.start()
        self.now = timezone.now()
        self.soon = self.now.replace(second=0, microsecond=0) + SOON
        opens = time(0, self.soon.minute % 15)
        counselors = [person for person in people if person.role == "counselor"]
        self.practices = []
        for number, counselor in enumerate(counselors):
            priced = {} if number == 1 else {"paid": True, "fee_minor": 9999}
            open_practice(counselor=counselor.user.counselor_profile, start=opens, end=time(0), **priced)
            self.practices.append(Practice(counselor, priced.get("fee_minor", 0)))
        self.model = Model()
        self.clients: dict[Person, object] = {}

    def teardown(self) -> None:
        self.frozen.stop()
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def as_(self, person: Person):
        if person not in self.clients:
            self.clients[person] = signed_in_client(person.user)
        return self.clients[person]

    # --- Time ------------------------------------------------------------------------------------------------

    @rule(quarters=st.sampled_from([1, 1, 1, 2, 2, 3, 4, 40, 96]))
    def time_passes(self, quarters):
        by = quarters * QUARTER
        for rows, fields in (
            (CalendarEntry.objects.order_by("start"), ("start", "end", "expires_at", "created_at")),
            (Session.objects.order_by("start"), ("start", "end", "created_at")),
        ):
            for row in rows:
                moved = {name: getattr(row, name) - by for name in fields if getattr(row, name) is not None}
                rows.model.objects.filter(pk=row.pk).update(**moved)
        with connection.cursor() as cursor:
            # One by one, the earliest first: the constraint looks at every row as it moves.
            for pk in Occupancy.objects.order_by("busy").values_list("pk", flat=True):
                cursor.execute(
                    "UPDATE sessions_app_occupancy SET expires_at = expires_at - %(by)s,"
                    " busy = tstzrange(lower(busy) - %(by)s, upper(busy) - %(by)s) WHERE id = %(pk)s",
                    {"by": by, "pk": pk},
                )
            cursor.execute("UPDATE sessions_app_noticepolicy SET in_force_from = in_force_from - %s", [by])
        for one in self.model.appointments:
            one.start -= by
        for practice in self.practices:
            for terms in practice.versions:
                terms.since -= by
        self.model.holds.clear()

    def start_in(self, quarters: int) -> datetime | None:
        """A start that is offered; None where it would reach over midnight or before the day's first."""
        start = self.soon + quarters * QUARTER
        end = start + timedelta(minutes=50)
        ends_that_day = end.date() == start.date() or end.time() == time(0)
        return start if ends_that_day and start.time() >= time(0, self.soon.minute % 15) else None

    @initialize()
    def a_day_under_way(self):
        """Something to do from the first step on: terms in force, sessions about now and tomorrow."""
        priced = self.practices[0]
        self.put_terms(priced.counselor, priced, hours=24, percent=33)
        self.time_passes(1)
        for quarters, practice, patient in ((1, 0, 0), (2, 1, 1), (3, 2, 2), (7, 0, 0), (90, 0, 1)):
            self.book_at(self.patients[patient], self.practices[practice], quarters)
        self.time_passes(2)

    # --- Terms -----------------------------------------------------------------------------------------------

    @rule(data=st.data(), hours=st.sampled_from([0, 1, 24, 48]), percent=st.sampled_from([0, 33, 50, 100]))
    def set_terms(self, data, hours, percent):
        practice = data.draw(st.sampled_from(self.practices))
        self.put_terms(data.draw(st.sampled_from(self.people)), practice, hours, percent)

    def put_terms(self, person, practice, hours, percent):
        answer = self.as_(person).put(
            f"/api/counselors/{practice.counselor.user.pk}/cancellation-policy",
            {"free_until_hours": hours, "late_percent": percent},
            format="json",
        )
        is_planner = (
            person is practice.counselor
            or person.role in ("manager", "admin")
            or (
                person.role in ("care_coordinator", "centre_manager")
                and person.centre == practice.counselor.centre
            )
        )
        assert answer.status_code == (200 if is_planner else 403), answer.content
        newest = practice.versions[-1] if practice.versions else None
        if is_planner and not (newest and (newest.hours, newest.percent) == (hours, percent)):
            version = newest.version + 1 if newest else 1
            practice.versions.append(Terms(version, hours, percent, self.now + QUARTER))

    # --- Holds and bookings ----------------------------------------------------------------------------------

    @rule(data=st.data(), quarters=st.one_of(st.integers(0, 4), st.integers(0, 300)))
    def hold(self, data, quarters):
        patient, practice = (
            data.draw(st.sampled_from(self.patients)),
            data.draw(st.sampled_from(self.practices)),
        )
        start = self.start_in(quarters)
        if start is None:
            return
        is_taken = self.model.is_taken(practice, patient, start)
        profile = practice.counselor.user.counselor_profile
        answer = self.as_(patient).post("/api/sessions/holds", wanted(profile, start), format="json")
        assert answer.status_code == (409 if is_taken else 201), answer.content
        if not is_taken:
            hold_id = answer.json()["data"]["id"]
            self.model.holds[patient] = Kept(hold_id, practice, start, practice.terms_at(self.now))

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data())
    def book_hold(self, data):
        patient = data.draw(st.sampled_from([one for one in self.patients if one in self.model.holds]))
        hold = self.model.holds.pop(patient)
        answer = ask_to_book_hold(self.as_(patient), hold.id)
        assert answer.status_code == 201, answer.content
        session_id = answer.json()["data"]["id"]
        self.model.appointments.append(
            Appointment(session_id, patient, hold.practice, hold.start, hold.terms)
        )

    @rule(data=st.data(), quarters=st.one_of(st.integers(0, 4), st.integers(0, 300)))
    def book(self, data, quarters):
        patient, practice = (
            data.draw(st.sampled_from(self.patients)),
            data.draw(st.sampled_from(self.practices)),
        )
        self.book_at(patient, practice, quarters)

    def book_at(self, patient, practice, quarters):
        start = self.start_in(quarters)
        if start is None:
            return
        is_taken = self.model.is_taken(practice, patient, start)
        answer = ask_session(self.as_(patient), practice.counselor.user.counselor_profile, start)
        assert answer.status_code == (409 if is_taken else 201), answer.content
        if not is_taken:
            self.model.drop_hold_in_the_way(patient, start)
            session_id = answer.json()["data"]["id"]
            terms = practice.terms_at(self.now)
            self.model.appointments.append(Appointment(session_id, patient, practice, start, terms))

    # --- What is done to a session ---------------------------------------------------------------------------

    def somebody_and(self, data, verb: str = "cancel") -> tuple[Appointment, Person]:
        """A session and anybody; more often one with whom the verb fits, and one who may."""
        fitting = [
            one
            for one in self.model.appointments
            if any(verb in one.can(person, self.now) for person in self.people)
        ]
        one = data.draw(st.sampled_from(fitting or self.model.appointments), label="session")
        concerned = [person for person in self.people if one.is_seen_by(person)]
        allowed = [person for person in concerned if person.role in MAY[verb]]
        groups = st.sampled_from([allowed, allowed, concerned, self.people])
        return one, data.draw(groups.flatmap(st.sampled_from), label="who")

    def send(self, one, verb, person, **body):
        """Whether it was done, and rightly so; then there is one audit row more."""
        path = f"/api/sessions/{one.id}/{PATHS.get(verb, verb)}"
        rows = AuditEvent.objects.filter(action=AUDITED[verb], actor_id=person.user.pk)
        before = rows.count()
        answer = self.as_(person).generic(
            "PUT" if verb == "rate" else "POST", path, orjson.dumps(body), content_type="application/json"
        )
        expected = self.model.answer(one, verb, person, self.now)
        assert answer.status_code == expected, (verb, person.role, one, answer.content)
        assert rows.count() == before + (expected == 200)
        type(self).done[verb] += expected == 200
        return expected == 200

    @precondition(lambda self: sum(one.status == "confirmed" for one in self.model.appointments) > 2)
    @rule(data=st.data(), is_patient=st.booleans(), knows_the_price=st.sampled_from([True, True, False]))
    def cancel(self, data, is_patient, knows_the_price):
        one, person = self.somebody_and(data)
        person = one.patient if is_patient else person
        cost = one.cost_for(person, self.now)
        if not knows_the_price and cost and self.model.answer(one, "cancel", person, self.now) == 200:
            refusal = ask_to_cancel(self.as_(person), one.id, charge_minor=cost - 1)
            assert (refusal.status_code, refusal.json()["error"]["code"]) == (409, "CONFLICT")
            return
        if self.send(one, "cancel", person, reason="ill", charge_minor=cost):
            one.status, one.charge = "cancelled", cost

    @precondition(lambda self: self.model.appointments)
    @rule(
        data=st.data(),
        verb=st.sampled_from(["start", "complete", "no_show", "correct", "rate", "waive"]),
        status=st.sampled_from(["completed", "no_show", "confirmed"]),
        stars=st.integers(1, 5),
    )
    def do(self, data, verb, status, stars):
        one, person = self.somebody_and(data, verb)
        body = {
            "correct": {"status": status, "reason": "wrong button"},
            "rate": {"rating": stars},
            "waive": {"reason": "a strike"},
        }
        if (verb == "correct" and status == one.status) or not self.send(
            one, verb, person, **body.get(verb, {})
        ):
            return
        match verb:
            case "rate":
                one.stars = stars
            case "waive":
                one.is_waived = True
            case _:
                became = {
                    "start": "in_progress",
                    "complete": "completed",
                    "no_show": "no_show",
                    "correct": status,
                }
                one.status = became[verb]

    @precondition(lambda self: self.model.appointments)
    @rule(
        data=st.data(),
        verb=st.sampled_from(["start", "complete", "correct", "rate"]),
        status=st.sampled_from(["completed", "no_show"]),
        stars=st.integers(1, 5),
    )
    def do_more_often(self, data, verb, status, stars):
        self.do(data, verb, status, stars)

    @precondition(lambda self: self.model.appointments)
    @rule(data=st.data(), quarters=st.one_of(st.integers(0, 4), st.integers(0, 300)))
    def move(self, data, quarters):
        one, person = self.somebody_and(data, "reschedule")
        start = self.start_in(quarters)
        if start is None:
            return
        is_refused = (
            one.cost_for(person, self.now) > 0
            or start == one.start
            or self.model.is_taken(one.practice, one.patient, start, leave_out=one)
        )
        if is_refused and self.model.answer(one, "reschedule", person, self.now) == 200:
            body = {"start": start.isoformat()}
            answer = self.as_(person).post(f"/api/sessions/{one.id}/reschedule", body, format="json")
            assert answer.status_code == 409, answer.content
        elif self.send(one, "reschedule", person, start=start.isoformat()):
            one.start = start
            self.model.drop_hold_in_the_way(one.patient, start)

    # --- What must then be so --------------------------------------------------------------------------------

    @precondition(lambda self: self.model.appointments)
    @rule(data=st.data())
    def look(self, data):
        one, person = self.somebody_and(data)
        answer = self.as_(person).get(f"/api/sessions/{one.id}")
        if not one.is_seen_by(person):
            assert answer.status_code == 404
            return
        shown = answer.json()["data"]
        assert shown["status"] == one.status
        assert set(shown["can"]) == one.can(person, self.now)
        if one.status == "cancelled":
            owed, waived = (0, one.charge) if one.is_waived else (one.charge, 0)
            version = one.terms.version if one.charge else None
            cancellation = shown["cancellation"]
            assert (cancellation["charge_minor"], cancellation["waived_minor"]) == (owed, waived)
            assert cancellation["policy_version"] == version
        elif "cancel" in shown["can"]:
            cost = self.as_(person).get(f"/api/sessions/{one.id}/cancellation").json()["data"]
            assert cost["charge_minor"] == one.cost_for(person, self.now)
            assert (cost["policy"] or {}).get("version") == (one.terms.version if one.terms else None)

    @invariant()
    def everything_is_as_the_model_says(self):
        type(self).steps += 1
        statuses = {str(pk): status for pk, status in Session.objects.values_list("pk", "status")}
        assert statuses == {one.id: one.status for one in self.model.appointments}
        charges = CancellationCharge.objects.values_list(
            "session", "amount_minor", "waived_at", "policy__version"
        )
        assert {str(pk): (amount, bool(waived), version) for pk, amount, waived, version in charges} == {
            one.id: (one.charge, one.is_waived, one.terms.version)
            for one in self.model.appointments
            if one.charge
        }
        stars = SessionRating.objects.values_list("session", "stars")
        assert {str(pk): given for pk, given in stars} == {
            one.id: one.stars for one in self.model.appointments if one.stars
        }
        self.figures_add_up()
        starts = {str(pk): start for pk, start in Session.objects.values_list("pk", "start")}
        assert starts == {one.id: one.start for one in self.model.appointments}
        active = set(
            CalendarEntry.objects.filter(session__isnull=False, is_active=True).values_list(
                "session", flat=True
            )
        )
        assert {str(pk) for pk in active} == {
            one.id for one in self.model.appointments if one.status != "cancelled"
        }
        assert double_bookings() == []

    def figures_add_up(self):
        for practice in self.practices:
            kept = CounselorProfile.objects.get(pk=practice.counselor.user.pk)
            completed, count, total = self.model.figures(practice)
            average = (Decimal(total) / count).quantize(Decimal("0.01"), ROUND_HALF_UP) if count else None
            assert (kept.sessions_completed, kept.rating_count, kept.rating_sum) == (completed, count, total)
            assert kept.rating_average == average
