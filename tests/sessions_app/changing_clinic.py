"""A clinic in which anything may change next, and two ways to ask it for free times: from memory, and anew."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import CounselorProfile, User
from accounts.roles import Role
from core.errors import DomainError, NotFound
from sessions_app.models import (
    AvailabilityException,
    AvailabilityRule,
    BookingRules,
    CalendarBlock,
    CalendarEntry,
    ExceptionKind,
    Mode,
    Occupancy,
    OutsideBusy,
    OutsideCalendar,
    Room,
    Session,
    SessionStatus,
    SessionType,
    SlotHold,
)
from sessions_app.services import earliest
from sessions_app.services.blocks import add_block, remove_block
from sessions_app.services.booking import book_hold, book_session
from sessions_app.services.calendars import read_calendars
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.holds import place_hold, release_hold, renew_hold, sweep_expired_holds
from sessions_app.services.rescheduling import reschedule_session
from sessions_app.services.reservations import Choice
from sessions_app.services.slots import Slot, Wish, find_slots, slots_of, within_horizon
from tests.factories import CounselorFactory, PatientFactory, SessionTypeFactory
from tests.sessions_app.clinic import open_practice
from tests.sessions_app.groups import lead_group

ZONES = ("UTC", "Asia/Kolkata", "America/New_York")
Question = dict[str, Any]


def warm(question: Question) -> list[Slot] | None:
    """What everybody is shown; None for a counselor who is not listed."""
    try:
        return find_slots(**question)
    except NotFound:
        return None


def cold(question: Question) -> list[Slot] | None:
    """The same, of a calendar that was read whole, with nothing kept."""
    counselor_id, patient_id, wish, now = (
        question[key] for key in ("counselor_id", "for_patient", "wish", "now")
    )
    start, end = within_horizon(question["start"], question["end"], now)
    window = {"start": start, "end": end, "for_patient": patient_id, "with_rooms": wish.may_need_room}
    calendar = read_calendars([counselor_id], **window).get(counselor_id)
    return None if calendar is None else list(slots_of(calendar, wish=wish, start=start, end=end, now=now))


@dataclass
class ChangingClinic:
    """Three counselors at two centres, one of which has rooms; four patients; days from today on."""

    random: Random
    now: datetime = field(default_factory=timezone.now)
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        first = lead_group(counselor=open_practice(zone="Europe/London"))
        second = open_practice(counselor=CounselorFactory(primary_centre=first.primary_centre))
        third = open_practice(zone="Asia/Kolkata", buffer_after_minutes=10)
        self.counselors = [first, second, third]
        self.patients = [PatientFactory().user for _ in range(4)]
        Room.objects.create(centre=first.primary_centre, name="Blue")
        self.calendars = [
            OutsideCalendar.objects.create(
                counselor=one, name="Outside", address="https://calendar.example.test/"
            )
            for one in self.counselors
        ]

    # --- Questions --------------------------------------------------------------------------------------------

    def question(self) -> Question:
        start = self.some_midnight(days=6) + timedelta(hours=self.random.choice([0, 0, -6, 5]))
        mode = self.random.choice([None, None, Mode.VIDEO, Mode.IN_PERSON])
        return {
            "counselor_id": self.random.choice(self.counselors).pk,
            "start": start,
            "end": start + timedelta(days=self.random.choice([1, 1, 2, 5])),
            "wish": Wish(type_id=self.random.choice([None, self.some_type_id()]), mode=mode),
            "for_patient": self.random.choice([None, self.random.choice(self.patients).pk]),
            "now": self.now,
        }

    def earliest_agree(self) -> bool:
        """Whether the search over all of them says from memory what it says anew."""
        window = {"start": self.now, "end": self.now + timedelta(days=4), "now": self.now, "wish": Wish()}
        each = [cold({"counselor_id": one.pk, "for_patient": None} | window) or [] for one in self.counselors]
        woven = sorted(
            (slot for slots in each for slot in slots), key=lambda one: (one.start, one.counselor_id)
        )
        ids = [one.pk for one in self.counselors]
        return earliest.find_earliest_slots(counselor_ids=ids, limit=15, **window) == woven[:15]

    # --- Changes ----------------------------------------------------------------------------------------------

    def change(self) -> str:
        """Something changes, or is refused; returns what."""
        step: Callable[[], Any] = self.random.choice(
            [*(self.book, self.hold) * 4, *(self.cancel, self.move, self.let_hold_go, self.let_time_pass) * 2]
            + [self.block, self.unblock, self.room, self.outside, self.not_outside, self.listing, self.centre]
            + [
                self.rule,
                self.no_rule,
                self.away,
                self.extra,
                self.no_exception,
                self.booking_rules,
                self.type,
            ]
        )
        name = step.__name__
        try:
            with transaction.atomic():
                step()
        except (DomainError, IntegrityError, IndexError):
            name += " refused"
        self.done[name] += 1
        return name

    def book(self) -> None:
        book_session(choice=self.some_choice(), patient_id=self.patient.pk, actor=self.patient, now=self.now)

    def hold(self) -> None:
        place_hold(choice=self.some_choice(), patient_id=self.patient.pk, actor=self.patient)

    def cancel(self) -> None:
        session = self.some_session()
        cancel_session(session=session, actor=session.counselor.user)

    def move(self) -> None:
        session = self.some_session()
        slots = self.some_slots(session.counselor_id)
        actor = session.counselor.user
        reschedule_session(session=session, start=self.random.choice(slots).start, actor=actor, now=self.now)

    def let_hold_go(self) -> None:
        hold = self.random.choice(list(SlotHold.objects.filter(is_live=True)))
        what = self.random.choice(["book", "release", "renew", "expire", "expire", "sweep"])
        if what == "book":
            book_hold(hold=hold, actor=hold.held_by)
        elif what == "release":
            release_hold(hold=hold, actor=hold.held_by)
        elif what == "renew":
            renew_hold(hold=hold, actor=hold.held_by)
        elif what == "expire":
            past = timezone.now() - timedelta(seconds=1)
            CalendarEntry.objects.filter(pk=hold.pk).update(expires_at=past)
            Occupancy.objects.filter(entry=hold.pk).update(expires_at=past)
        else:
            sweep_expired_holds(now=timezone.now())

    def let_time_pass(self) -> None:
        self.now += timedelta(minutes=self.random.choice([1, 17, 60]))
        if self.now > timezone.now() + timedelta(days=2):
            self.now = timezone.now()

    def block(self) -> None:
        start = self.some_midnight() + timedelta(hours=self.random.randrange(24))
        end = start + timedelta(minutes=self.random.choice([30, 90, 600]))
        counselor = self.counselor
        add_block(counselor=counselor, start=start, end=end, actor=counselor.user, now=timezone.now())

    def unblock(self) -> None:
        block = self.random.choice(list(CalendarBlock.objects.all()))
        remove_block(block=block, actor=block.counselor.user)

    def room(self) -> None:
        rooms = list(Room.objects.all())
        room = self.random.choice(rooms)
        if len(rooms) < 4 and self.random.random() < 0.2:
            Room.objects.create(centre=self.counselor.primary_centre, name=f"Room {len(rooms)}")
        else:
            Room.objects.filter(pk=room.pk).update(is_active=not room.is_active)

    def outside(self) -> None:
        start = self.some_midnight() + timedelta(hours=self.random.randrange(24))
        calendar = self.random.choice(self.calendars)
        end = start + timedelta(hours=self.random.choice([1, 3, 30]))
        OutsideBusy.objects.create(calendar=calendar, counselor=calendar.counselor, start=start, end=end)

    def not_outside(self) -> None:
        ids = OutsideBusy.objects.values_list("pk", flat=True)
        OutsideBusy.objects.filter(pk__in=self.random.sample(list(ids), min(len(ids), 2))).delete()

    def listing(self) -> None:
        """Whether they are listed, and as whom. Mostly they are."""
        counselor, is_on = self.counselor, self.random.random() < 0.7
        user, profile = counselor.user, CounselorProfile.objects.get(pk=counselor.pk)
        what = self.random.choice(["name", "active", "role", "approved", "accepting", "centre"])
        if what == "name":
            user.first_name = self.random.choice(["Asha", "Ravi", "Meera"])
        elif what == "active":
            user.is_active = is_on
        elif what == "role":
            user.role = Role.COUNSELOR if is_on else Role.FRONT_DESK
        elif what == "approved":
            profile.is_approved = is_on
        elif what == "accepting":
            profile.is_accepting = is_on
        else:
            profile.primary_centre = self.counselor.primary_centre
        user.save()
        profile.save()

    def centre(self) -> None:
        centre = self.counselor.primary_centre
        centre.refresh_from_db()
        if self.random.random() < 0.5:
            centre.name = f"Centre {self.random.randrange(1000)}"
        else:
            centre.is_active = self.random.random() < 0.7
        centre.save()

    def rule(self) -> None:
        counselor, hour = self.counselor, self.random.randrange(0, 22)
        values = {
            "start": time(hour),
            "end": time(min(23, hour + self.random.choice([1, 2, 6]))),
            "timezone": self.random.choice(ZONES),
        }
        rules = list(counselor.availability_rules.all())
        if len(rules) < 7 or self.random.random() < 0.3:
            place = self.random.choice([None, self.counselor.primary_centre])
            day = self.random.randrange(7)
            AvailabilityRule.objects.create(counselor=counselor, weekday=day, centre=place, **values)
        else:
            AvailabilityRule.objects.filter(pk=self.random.choice(rules).pk).update(**values)

    def no_rule(self) -> None:
        rules = list(self.counselor.availability_rules.all())
        if len(rules) > 3:
            self.random.choice(rules).delete()

    def away(self) -> None:
        self._except(ExceptionKind.UNAVAILABLE, days=self.random.choice([0, 0, 2]))

    def extra(self) -> None:
        self._except(ExceptionKind.EXTRA)

    def _except(self, kind: str, days: int = 0) -> None:
        first = self.some_midnight().date()
        hour = self.random.randrange(20)
        AvailabilityException.objects.create(
            counselor=self.counselor,
            kind=kind,
            first_day=first,
            last_day=first + timedelta(days=days),
            start=time(hour),
            end=time(hour + 3),
            timezone=self.random.choice(ZONES),
        )

    def no_exception(self) -> None:
        exceptions = list(AvailabilityException.objects.all())
        one = self.random.choice(exceptions)
        if len(exceptions) > 8 or self.random.random() < 0.5:
            one.delete()
        else:
            one.first_day -= timedelta(days=one.kind == ExceptionKind.UNAVAILABLE)
            one.save()

    def booking_rules(self) -> None:
        values = {
            "minimum_notice_minutes": self.random.choice([0, 0, 90, 2000]),
            "horizon_days": self.random.choice([None, 3, 30]),
            "most_sessions_a_day": self.random.choice([None, 1, 2]),
            "timezone": self.random.choice(ZONES),
        }
        if self.random.random() < 0.3:
            BookingRules.objects.filter(counselor=self.counselor).delete()
        else:
            BookingRules.objects.update_or_create(counselor=self.counselor, defaults=values)

    def type(self) -> None:
        counselor = self.counselor
        types = list(SessionType.objects.filter(counselor=counselor))
        one = self.random.choice(types)
        what = self.random.choice(["length", "buffer", "modes", "first", "active", "another"])
        if what == "length" and one.capacity == 1:
            one.duration_minutes = self.random.choice([25, 50, 80])
        elif what == "buffer":
            one.buffer_before_minutes = self.random.choice([0, 5, 30])
        elif what == "modes":
            one.modes = self.random.choice(
                [["video"], ["in_person"], ["video", "in_person"], list(Mode.values)]
            )
        elif what == "first":
            one.position = 1 - min(one.position, 1)
        elif what == "active" and len(types) > 1:
            one.is_active = not one.is_active
        elif what == "another" and len(types) < 4:
            SessionTypeFactory(counselor=counselor, duration_minutes=25, position=2)
        one.save()

    # --- Chance -----------------------------------------------------------------------------------------------

    @property
    def counselor(self) -> CounselorProfile:
        return self.random.choice(self.counselors)

    @property
    def patient(self) -> User:
        self._patient = self.random.choice(self.patients)
        return self._patient

    def some_midnight(self, days: int = 5) -> datetime:
        today = datetime.combine(timezone.now().date(), time(), UTC)
        return today + timedelta(days=self.random.randrange(days))

    def some_type_id(self) -> UUID:
        return self.random.choice(list(SessionType.objects.values_list("pk", flat=True)))

    def some_slots(self, counselor_id: UUID, wish: Wish | None = None) -> list[Slot]:
        start = self.some_midnight()
        now = max(self.now, timezone.now())
        window = {"start": start, "end": start + timedelta(days=2), "wish": wish or Wish(), "now": now}
        return cold({"counselor_id": counselor_id, "for_patient": None} | window) or []

    def some_choice(self) -> Choice:
        counselor = self.counselor
        types = list(counselor.session_types.filter(is_active=True))
        slot = self.random.choice(self.some_slots(counselor.pk, Wish(type_id=self.random.choice(types).pk)))
        return Choice(counselor.pk, slot.start, mode=self.random.choice(slot.modes), type_id=slot.type_id)

    def some_session(self) -> Session:
        coming = Session.objects.filter(status=SessionStatus.CONFIRMED, start__gt=timezone.now())
        return self.random.choice(list(coming.select_related("counselor__user")))
