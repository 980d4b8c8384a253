"""The pages on which sessions are moved, cancelled, rated and put right, on a phone, light and dark."""

import pytest

from accounts.roles import Role
from sessions_app.services.cancellation import cancel_session
from sessions_app.services.states import complete_session
from tests.browser.conftest import PHONE
from tests.browser.watch import assert_good_to_read
from tests.factories import PatientFactory, StaffFactory
from tests.sessions_app.clinic import book, coming, keep_policy, open_practice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone_and_is_accessible(browser_of, scheme):
    practice, patient = open_practice(paid=True), PatientFactory().user
    keep_policy(practice)
    ahead = book(practice, patient, coming(2))
    over = complete_session(session=book(practice, patient, coming(3)), actor=practice.user, now=coming(9))
    charged = book(practice, patient, coming(4))
    cancel_session(session=charged, actor=patient, now=coming(4, 8))
    pages = {
        patient: [
            *(f"/sessions/{one.pk}" for one in (ahead, over, charged)),
            *(f"/sessions/{ahead.pk}/{verb}" for verb in ("cancel", "reschedule")),
        ],
        practice.user: ["/availability/cancellation"],
        StaffFactory(role=Role.MANAGER): [f"/sessions/{over.pk}/correct", f"/sessions/{charged.pk}/waive"],
    }
    for reader, paths in pages.items():
        page = browser_of(reader, viewport=PHONE, color_scheme=scheme)
        for path in paths:
            assert page.goto(path).status == 200, path
            assert_good_to_read(page, scheme)
