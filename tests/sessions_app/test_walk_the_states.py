"""Random people do random things to sessions; after each step everything is as a plain model says."""

from collections import Counter

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    run_state_machine_as_test,
)

from tests.factories import CounselorFactory, PatientFactory
from tests.sessions_app.figures import show
from tests.sessions_app.state_model import Person
from tests.sessions_app.state_walk import AUDITED, Walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(cast, settings):
    """The people, and what each practice costs: 99.99, which no share divides, and nothing."""
    settings.THROTTLES = {name: (10**9, period) for name, (_, period) in settings.THROTTLES.items()}
    colleague = CounselorFactory(primary_centre=cast.a.centre)
    people = [
        *(Person(user, "patient", "") for user in (cast.a.patient, cast.b.patient, PatientFactory().user)),
        Person(cast.a.counselor, "counselor", "a"),
        Person(colleague.user, "counselor", "a"),
        Person(cast.b.counselor, "counselor", "b"),
        *(
            Person(getattr(company, role), role, key)
            for key, company in (("a", cast.a), ("b", cast.b))
            for role in ("front_desk", "care_coordinator", "centre_manager")
        ),
        Person(cast.manager, "manager", ""),
        Person(cast.admin, "admin", ""),
    ]
    with connection.cursor() as cursor:  # so that versions can be moved into the past like all the rest
        cursor.execute("ALTER TABLE sessions_app_noticepolicy DISABLE TRIGGER USER")
    return people


def walk(people, *, examples, steps, **more):
    """How many steps were walked, and how often each thing was done and not refused."""

    class Counted(Walk):
        steps = 0
        done = Counter()

    run_state_machine_as_test(
        lambda: Counted(people),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            **more,
        ),
    )
    return Counted.steps, Counted.done


def test_a_short_walk_goes_as_the_model_says(house):
    _, done = walk(house, examples=12, steps=50, derandomize=True)
    assert done["cancel"]
    assert done["complete"]


@pytest.mark.prove
def test_a_long_walk_goes_as_the_model_says(house):
    steps, done = walk(house, examples=200, steps=60)
    assert min(done[verb] for verb in AUDITED) > 5, done
    counts = ", ".join(f"{verb} {count}" for verb, count in sorted(done.items()))
    show(
        f"states: {steps} steps by {len(house)} people, each as the model says; done and not refused: {counts}"
    )
