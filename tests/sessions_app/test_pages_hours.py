"""The counselor's weekly hours and session types on pages."""

import re
from datetime import date, time

import pytest
from django.urls import reverse

from sessions_app.models import AvailabilityRule, PaymentPolicy, SessionType
from tests.factories import AvailabilityRuleFactory, CounselorFactory, SessionTypeFactory
from tests.sessions_app.clinic import open_practice
from tests.sessions_app.pages import browser_of, led_to, queries_of, source, words

pytestmark = pytest.mark.django_db
HOURS = "/availability"


@pytest.fixture
def counselor(db):
    return CounselorFactory(user__timezone="Asia/Kolkata")


@pytest.fixture
def browser(counselor):
    return browser_of(counselor.user)


def field_of(page, name):
    """The value of a field, of a hidden one as well."""
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', page).group()
    return re.search(r'value="([^"]*)"', tag).group(1)


def filled(browser, *rows, zone="Asia/Kolkata", exceptions=(), page=HOURS, **more):
    """What the page sends for these rows: (weekday, start, end) and, if wanted, more fields by name."""
    sent = {
        "known": field_of(source(browser.get(page)), "known"),
        "timezone": zone,
        "rules-TOTAL_FORMS": len(rows),
        "rules-INITIAL_FORMS": 0,
        "exceptions-TOTAL_FORMS": len(exceptions),
        "exceptions-INITIAL_FORMS": 0,
        "booking-notice": 0,
    } | more
    for number, one in enumerate(exceptions):
        sent |= {f"exceptions-{number}-{name}": value for name, value in one.items()}
    for number, (weekday, start, end, *more) in enumerate(rows):
        fields = {"id": "", "weekday": weekday, "start": start, "end": end, "place": "online"}
        for extra in more:
            fields |= extra
        sent |= {f"rules-{number}-{name}": value for name, value in fields.items()}
    return sent


def save(browser, *rows, page=HOURS, **more):
    return browser.post(page, filled(browser, *rows, page=page, **more))


def saved(counselor):
    return [
        (rule.weekday, f"{rule.start:%H:%M}", f"{rule.end:%H:%M}", rule.timezone)
        for rule in AvailabilityRule.objects.filter(counselor=counselor)
    ]


# --- Weekly hours --------------------------------------------------------------------------------------------


def test_a_first_week_is_on_the_clock_of_the_account_and_can_be_put_on_another(browser, counselor):
    page = browser.get(HOURS)
    assert "On the clock of Kolkata time" in words(page)
    assert '<option value="Asia/Kolkata" selected>' in source(page)
    assert re.search(r'<details class="more" open>', source(page))

    assert led_to(save(browser, (0, "09:00", "12:00"), zone="Europe/London")) == HOURS
    assert saved(counselor) == [(0, "09:00", "12:00", "Europe/London")]
    assert "On the clock of London time" in words(browser.get(HOURS))


def test_hours_are_saved_all_at_once_and_rows_left_empty_or_taken_away_are_not_kept(browser, counselor):
    answer = browser.post(
        HOURS,
        filled(
            browser,
            (0, "09:00", "12:00"),
            (0, "13:00", "17:00", {"place": str(counselor.primary_centre_id)}),
            (1, "", ""),
            (2, "09:00", "10:00", {"DELETE": "on"}),
            (6, "22:00", "00:00"),
        ),
        follow=True,
    )
    assert "Your hours are saved." in words(answer)
    assert [row[:3] for row in saved(counselor)] == [
        (0, "09:00", "12:00"),
        (0, "13:00", "17:00"),
        (6, "22:00", "00:00"),
    ]
    assert AvailabilityRule.objects.get(start=time(13)).centre_id == counselor.primary_centre_id


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ((1, "17:00", "09:00"), "The end must be after the start"),
        ((1, "09:00", "09:00"), "The end must be after the start"),
        ((1, "09:00", ""), "Fill in both times, or leave both empty."),
        ((1, "", "09:00"), "Fill in both times, or leave both empty."),
        ((1, "nine", "17:00"), "Enter a valid time."),
        ((0, "11:00", "15:00"), "These hours overlap others on the same day."),
        ((1, "09:00", "10:00", {"place": "elsewhere"}), "Choose a place from the list."),
    ],
)
def test_what_is_wrong_stands_beside_its_row_and_nothing_typed_is_lost(browser, counselor, row, sentence):
    AvailabilityRuleFactory(counselor=counselor, weekday=4)
    answer = save(browser, (0, "10:00", "12:30"), row)
    page = source(answer, 422)

    assert "Please look at this again" in words(answer, 422)
    assert words(answer, 422).count(sentence) == 2, "above, and beside the row"
    assert page.index('id="id_rules-1_error"') > page.index('name="rules-1-end"')
    assert 'id="id_rules-0_error"' not in page
    for number, (_, start, end, *_) in enumerate([(0, "10:00", "12:30"), row]):
        assert field_of(page, f"rules-{number}-start") == start
        assert field_of(page, f"rules-{number}-end") == end
    assert [row[0] for row in saved(counselor)] == [4], "nothing was saved"


def test_another_counselors_centre_is_no_place_to_choose(browser, counselor):
    foreign = CounselorFactory().primary_centre
    answer = save(browser, (0, "10:00", "12:00", {"place": str(foreign.pk)}))
    assert "Choose a place from the list." in words(answer, 422)


def test_a_zone_that_is_none_is_refused_in_place(browser, counselor):
    answer = save(browser, (0, "10:00", "12:00"), zone="Mars/Olympus")
    assert "Select a valid choice" in words(answer, 422)
    assert field_of(source(answer, 422), "rules-0-start") == "10:00"


def test_hours_with_dates_or_a_zone_of_their_own_keep_them(browser, counselor):
    for weekday in (0, 1):
        AvailabilityRuleFactory(counselor=counselor, weekday=weekday, timezone="Asia/Kolkata")
    away = AvailabilityRuleFactory(
        counselor=counselor,
        weekday=2,
        timezone="Europe/London",
        valid_from=date(2027, 1, 4),
        valid_until=date(2027, 1, 29),
    )
    page = browser.get(HOURS)
    assert "On the clock of London time. That stays as it is." in words(page)
    dates = {"valid_from": "2027-01-04", "valid_until": "2027-01-29"}
    assert {name: field_of(source(page), f"rules-2-{name}") for name in dates} == dates

    save(
        browser, (0, "09:00", "12:00"), (2, "10:00", "11:00", {"id": str(away.pk)} | dates), zone="Asia/Tokyo"
    )
    kept = AvailabilityRule.objects.get(counselor=counselor, weekday=2)
    assert (kept.start, kept.timezone, kept.valid_until) == (time(10), "Europe/London", date(2027, 1, 29))
    assert AvailabilityRule.objects.get(counselor=counselor, weekday=0).timezone == "Asia/Tokyo"


def test_hours_changed_in_another_window_are_not_overwritten_unasked(browser, counselor):
    seen_before = filled(browser, (0, "09:00", "12:00"))
    save(browser, (3, "14:00", "16:00"))
    answer = browser.post(HOURS, seen_before)

    assert "Your hours were changed in another window" in words(answer, 422)
    assert field_of(source(answer, 422), "rules-0-start") == "09:00"
    assert [row[0] for row in saved(counselor)] == [3]

    browser.post(HOURS, seen_before | {"known": field_of(source(answer, 422), "known")})
    assert [row[0] for row in saved(counselor)] == [0]


def test_being_changed_meanwhile_is_not_forgotten_over_another_mistake(browser, counselor):
    seen_before = filled(browser, (0, "12:00", "09:00"))
    save(browser, (3, "14:00", "16:00"))
    answer = browser.post(HOURS, seen_before | {"rules-0-end": ""})
    assert field_of(source(answer, 422), "known") == seen_before["known"]


@pytest.mark.parametrize("total", ["", "many", "5000"])
def test_a_form_that_somebody_spoilt_is_refused_calmly(browser, counselor, total):
    AvailabilityRuleFactory(counselor=counselor)
    spoilt = filled(browser, (0, "09:00", "12:00")) | {"rules-TOTAL_FORMS": total}
    assert browser.post(HOURS, spoilt).status_code == 422
    assert len(saved(counselor)) == 1


def test_without_scripts_each_day_has_an_empty_row_and_they_can_be_told_apart(browser, counselor):
    AvailabilityRuleFactory(counselor=counselor, weekday=0)
    page = source(browser.get(HOURS))
    blank = re.findall(r"<noscript>\s*<li.*?</noscript>", page, re.DOTALL)
    assert len(blank) == 7
    assert [re.search(r'name="rules-(\d+)-start"', row).group(1) for row in blank] == list("1234567")
    assert field_of(page, "rules-TOTAL_FORMS") == "8"


def test_what_people_see_is_shown_below_the_hours(browser, counselor):
    assert "Nobody can book you until you offer a session type." in words(browser.get(HOURS))
    open_practice(counselor=counselor, start=time(9), end=time(11))
    page = words(browser.get(HOURS))
    assert "What people see" in page
    assert "2:30 pm" in page, "9:00 UTC in Kolkata"


def test_who_is_not_listed_is_told_so(db):
    hidden = open_practice(counselor=CounselorFactory(unapproved=True))
    assert "You are not in the directory at present" in words(browser_of(hidden.user).get(HOURS))


def test_the_page_takes_as_many_queries_for_one_rule_as_for_many(browser, counselor):
    open_practice(counselor=counselor, weekdays=[0])
    for_one = queries_of(browser, HOURS)
    SessionTypeFactory.create_batch(4, counselor=counselor, position=1)
    for hour in range(9, 17):
        AvailabilityRuleFactory.create_batch(
            3, counselor=counselor, weekday=3, start=time(hour), end=time(hour, 45)
        )
    assert queries_of(browser, HOURS) == for_one


# --- Session types -------------------------------------------------------------------------------------------

NEW = "/availability/types/new"


def offer(**changes):
    """What the page of a session type sends."""
    return {
        "name": "Short call",
        "kind": "follow_up",
        "duration_minutes": 30,
        "modes": ["video", "phone"],
        "payment_policy": "at_centre",
        "fee": "40.50",
        "currency": "GBP",
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 10,
        "is_active": "on",
    } | changes


def test_a_session_type_is_added_with_its_fee_in_words_of_money(browser, counselor):
    SessionTypeFactory(counselor=counselor, position=4)
    assert led_to(browser.post(NEW, offer())) == HOURS

    added = SessionType.objects.get(counselor=counselor, name="Short call")
    assert (added.fee_minor, added.currency, added.position) == (4050, "GBP", 5)
    assert added.modes == ["video", "phone"]
    assert "30 minutes · £40.50, paid at the centre" in words(browser.get(HOURS))
    assert field_of(source(browser.get(reverse("session_type_edit", args=[added.pk]))), "fee") == "40.50"


def test_a_currency_without_cents_keeps_its_amount(browser, counselor):
    browser.post(NEW, offer(currency="JPY", fee="4000"))
    assert SessionType.objects.get(counselor=counselor).fee_minor == 4000


def test_a_free_session_needs_no_fee(browser, counselor):
    assert led_to(browser.post(NEW, offer(payment_policy="free", fee=""))) == HOURS
    assert SessionType.objects.get(counselor=counselor).payment_policy == PaymentPolicy.FREE


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Name – This field is required."),
        ({"duration_minutes": 5}, "greater than or equal to 10"),
        ({"duration_minutes": 5000}, "less than or equal to 480"),
        ({"modes": []}, "Ways to meet – This field is required."),
        ({"modes": ["telepathy"]}, "Select a valid choice"),
        ({"fee": ""}, "Write what it costs, or choose “Free” above."),
        ({"fee": "0"}, "Write what it costs"),
        ({"fee": "forty"}, "Enter a number."),
        ({"fee": "-3"}, "greater than or equal to 0"),
        ({"fee": "99999999"}, "less than or equal to 2000000"),
        ({"fee": "40.505"}, "GBP has no amounts as small as that."),
        ({"fee": "40.50", "currency": "JPY"}, "JPY has no amounts as small as that."),
        ({"payment_policy": "free"}, "A free session has no fee."),
        ({"currency": "XXX"}, "Select a valid choice"),
        ({"buffer_after_minutes": 500}, "less than or equal to 120"),
    ],
)
def test_what_is_wrong_with_a_session_type_is_said_and_what_was_typed_stays(
    browser, counselor, changes, sentence
):
    answer = browser.post(NEW, offer(**changes))
    page = words(answer, 422)
    assert "Please look at this again" in page
    assert sentence in page
    assert field_of(source(answer, 422), "buffer_after_minutes") == str(
        changes.get("buffer_after_minutes", 10)
    )
    assert not SessionType.objects.exists()


def test_a_session_type_is_changed_and_withdrawn(browser, counselor):
    offered = SessionTypeFactory(counselor=counselor, name="Old")
    address = reverse("session_type_edit", args=[offered.pk])
    changed = offer(name="New", payment_policy="free", fee="")
    del changed["is_active"]
    assert led_to(browser.post(address, changed)) == HOURS
    offered.refresh_from_db()
    assert (offered.name, offered.is_active) == ("New", False)
    assert "Not offered" in words(browser.get(HOURS))


def test_a_colleagues_session_type_is_not_found(browser):
    foreign = SessionTypeFactory(name="Theirs")
    address = reverse("session_type_edit", args=[foreign.pk])
    assert browser.get(address).status_code == 404
    assert browser.post(address, offer()).status_code == 404
    foreign.refresh_from_db()
    assert foreign.name == "Theirs"


@pytest.mark.parametrize("address", [HOURS, NEW])
def test_other_methods_are_refused(browser, address):
    assert browser.put(address).status_code == 405
