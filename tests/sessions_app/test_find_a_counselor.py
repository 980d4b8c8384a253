"""The directory of counselors: who is listed first, what narrows it, and what it shows of each."""

from datetime import time, timedelta

import pytest

from sessions_app.models import PaymentPolicy
from tests.factories import CounselorFactory, SessionTypeFactory
from tests.sessions_app.clinic import (
    coming,
    done,
    instant,
    keep_hours,
    open_practice,
    refused,
)

pytestmark = pytest.mark.django_db
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)


def counselors(client, **query):
    return done(client.get("/api/counselors", query))


def names(found):
    return [one["display_name"] for one in found]


def named(first, last="", **fields):
    return CounselorFactory(user__first_name=first, user__last_name=last, **fields)


def test_the_soonest_free_counselor_is_listed_first_and_those_without_a_time_last(api):
    weekday = (coming(2).weekday(),)
    tomorrow = open_practice(counselor=named("Second"), weekdays=[coming(1).weekday()])
    later = open_practice(counselor=named("Third"), weekdays=weekday)
    never = open_practice(counselor=named("Fourth"), weekdays=[])
    open_practice(counselor=named("First"), weekdays=[coming(1).weekday()], start=time(6))
    without_types = named("Nobody")
    keep_hours(without_types)
    found = counselors(api)
    assert names(found) == ["First", "Second", "Third", "Fourth"]
    assert [one["next_free_at"] and instant(one["next_free_at"]) for one in found] == [
        coming(1, 6),
        coming(1, 9),
        coming(2, 9),
        None,
    ]
    assert [one["id"] for one in found[1:]] == [str(one.pk) for one in (tomorrow, later, never)]


def test_the_directory_is_narrowed_and_ordered(api, cast):
    asha = named(
        "Asha",
        "Rao",
        specializations=["trauma", "sleep"],
        languages=["hi"],
        rating_average="4.50",
        rating_count=2,
        rating_sum=9,
        years_of_experience=3,
        bio="Works with shift workers.",
    )
    open_practice(counselor=asha, weekdays=[coming(2).weekday()], modes=["video"], online=True)
    bert = named(
        "Bert",
        "Ånäs",
        specializations=["couples"],
        languages=["sv"],
        years_of_experience=20,
        primary_centre=cast.b.centre,
        title="Family therapist",
    )
    open_practice(
        counselor=bert, weekdays=[coming(4).weekday()], fee_minor=5000, payment_policy=PaymentPolicy.AT_CENTRE
    )
    cleo = named(
        "Cleo",
        "Zimmer",
        rating_average="4.90",
        rating_count=10,
        rating_sum=49,
        years_of_experience=8,
        languages=["en"],
        specializations=[],
    )
    open_practice(counselor=cleo, weekdays=[coming(3).weekday()])
    for query, expected in (
        ({"ordering": "name"}, ["Asha Rao", "Bert Ånäs", "Cleo Zimmer"]),
        ({"ordering": "-rating"}, ["Cleo Zimmer", "Asha Rao", "Bert Ånäs"]),
        ({"ordering": "-experience"}, ["Bert Ånäs", "Cleo Zimmer", "Asha Rao"]),
        ({"ordering": "next_free"}, ["Asha Rao", "Cleo Zimmer", "Bert Ånäs"]),
        ({"q": "asha"}, ["Asha Rao"]),
        ({"q": "rao asha"}, ["Asha Rao"]),
        ({"q": "ÅNÄS"}, ["Bert Ånäs"]),
        ({"q": "family"}, ["Bert Ånäs"]),
        ({"q": "SLEEP"}, ["Asha Rao"]),
        ({"q": "shift"}, ["Asha Rao"]),
        ({"q": "%"}, []),
        ({"q": "asha bert"}, []),
        ({"specialization": "couples"}, ["Bert Ånäs"]),
        ({"language": "hi"}, ["Asha Rao"]),
        ({"mode": "in_person"}, ["Cleo Zimmer", "Bert Ånäs"]),
        ({"fee_max": 0}, ["Asha Rao", "Cleo Zimmer"]),
        ({"centre": cast.b.centre.pk}, ["Bert Ånäs"]),
        ({"available_from": coming(3).date(), "available_to": coming(3).date()}, ["Cleo Zimmer"]),
        ({"available_to": coming(3).date(), "ordering": "-experience"}, ["Cleo Zimmer", "Asha Rao"]),
        ({"available_from": coming(400).date()}, []),
        ({"ordering": "name", "page_size": 2, "page": 2}, ["Cleo Zimmer"]),
        ({"page_size": 2, "page": 2}, ["Bert Ånäs"]),
        ({"page": 5}, []),
    ):
        assert names(counselors(api, **query)) == expected, query


def test_a_counselor_is_shown_with_what_they_offer_and_nothing_that_is_theirs_alone(api, practice):
    SessionTypeFactory(counselor=practice, name="Withdrawn", is_active=False)
    shown = done(api.get(f"/api/counselors/{practice.pk}"))
    assert [offered["name"] for offered in shown["session_types"]] == ["Session"]
    assert set(shown) == {
        *("id", "display_name", "title", "specializations", "languages", "years_of_experience"),
        *("primary_centre", "rating_average", "rating_count", "session_types", "next_free_at"),
        *("bio", "qualifications"),
    }
    assert practice.user.email not in api.get(f"/api/counselors/{practice.pk}").content.decode()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"ordering": "fee"}, "ordering"),
        ({"fee_max": -1}, "fee_max"),
        ({"available_from": "2026-12-02", "available_to": "2026-12-01"}, "available_to"),
        ({"q": "x" * 101}, "q"),
        ({"q": "nul\x00"}, "q"),
        ({"centre": "here"}, "centre"),
        ({"name": "Asha"}, "name"),
        ({"available_from": "0000-01-01"}, "available_from"),
    ],
)
def test_a_directory_filter_that_cannot_be_used_is_named(api, query, field):
    error = refused(api.get("/api/counselors", query), 400, "VALIDATION_ERROR")
    assert list(error["details"]) == [field]
