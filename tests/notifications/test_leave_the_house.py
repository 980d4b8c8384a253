"""From a booking to the mail, through the real relay and the real worker."""

import pytest

from notifications import mailbox
from notifications.models import Delivery, DeliveryStatus
from tests.core.house import House, wait_until
from tests.factories import PatientFactory
from tests.sessions_app.clinic import book, coming, open_practice

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(tmp_path, settings):
    started = House(tmp_path)
    settings.EMAIL_FILE_PATH = started.mail_folder
    started.start_redis()
    yield started
    started.stop()


def all_sent():
    rows = Delivery.objects.values_list("status", flat=True)
    return bool(rows) and set(rows) == {DeliveryStatus.SENT}


def test_a_booking_is_confirmed_by_mail_even_when_the_worker_is_killed(house):
    counselor = open_practice()
    patients = [PatientFactory().user for _ in range(6)]
    worker = house.start_worker()
    house.start_relay()
    for number, patient in enumerate(patients):
        book(counselor, patient, coming(3, 9 + number))
    wait_until(lambda: Delivery.objects.filter(status=DeliveryStatus.SENT).exists(), "the first mail")
    house.kill(worker)
    house.start_worker()
    wait_until(lambda: Delivery.objects.count() == 12 and all_sent(), "every mail")
    mails = mailbox.latest()
    addresses = [mail.to for mail in mails]
    for patient in patients:
        assert 1 <= addresses.count(patient.email) <= 2
    assert all(mail.attachments[0].filename == "appointment.ics" for mail in mails)
