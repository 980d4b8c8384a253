"""Rows to test with. Each factory makes what its row needs; traits name the variants that tests ask for."""

from datetime import time, timedelta

import factory
from allauth.account.models import EmailAddress
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import (
    CareReason,
    CareRelationship,
    Centre,
    CounselorProfile,
    Device,
    PatientCentre,
    PatientProfile,
    StaffCentre,
    User,
)
from accounts.roles import Role
from sessions_app.models import AvailabilityRule, Mode, PaymentPolicy, SessionType, Weekday

PASSWORD = "a-long-enough-secret"


class UserFactory(DjangoModelFactory):
    """An account with a confirmed address and PASSWORD. For patients and counselors use their factories."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.test")
    first_name = factory.Faker("first_name")
    last_name = factory.Faker("last_name")
    role = Role.PATIENT
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def email_address(self, is_created: bool, is_verified: bool | None, **_: object) -> None:
        if is_created and self.email:
            EmailAddress.objects.create(
                user=self, email=self.email, primary=True, verified=is_verified is not False
            )


class CentreFactory(DjangoModelFactory):
    class Meta:
        model = Centre

    name = factory.Sequence(lambda n: f"Centre {n}")
    city = factory.Faker("city")
    timezone = "Asia/Kolkata"


class StaffCentreFactory(DjangoModelFactory):
    class Meta:
        model = StaffCentre

    user = factory.SubFactory(UserFactory, role=Role.FRONT_DESK)
    centre = factory.SubFactory(CentreFactory)


class StaffFactory(UserFactory):
    """`StaffFactory(role=Role.FRONT_DESK, centre=centre)`: without `centre`, at none."""

    role = Role.FRONT_DESK

    @factory.post_generation
    def centre(self, is_created: bool, centre: Centre | None, **_: object) -> None:
        if is_created and centre is not None:
            StaffCentreFactory(user=self, centre=centre)


class PatientFactory(DjangoModelFactory):
    """A patient's profile. `anonymous=True` shows counselors an alias; `centre=…` registers them there."""

    class Meta:
        model = PatientProfile
        skip_postgeneration_save = True

    class Params:
        anonymous = factory.Trait(is_anonymous=True, alias=factory.Sequence(lambda n: f"Quiet Heron {n}"))

    user = factory.SubFactory(UserFactory, role=Role.PATIENT)

    @factory.post_generation
    def centre(self, is_created: bool, centre: Centre | None, **_: object) -> None:
        if is_created and centre is not None:
            PatientCentreFactory(patient=self, centre=centre)


class PatientCentreFactory(DjangoModelFactory):
    class Meta:
        model = PatientCentre

    patient = factory.SubFactory(PatientFactory)
    centre = factory.SubFactory(CentreFactory)


class CounselorFactory(DjangoModelFactory):
    """A counselor's profile, listed, at its primary centre. `unapproved=True`: not listed."""

    class Meta:
        model = CounselorProfile
        skip_postgeneration_save = True

    class Params:
        unapproved = factory.Trait(is_approved=False)

    user = factory.SubFactory(UserFactory, role=Role.COUNSELOR)
    primary_centre = factory.SubFactory(CentreFactory)
    title = "Clinical psychologist"
    specializations = ["anxiety", "grief"]
    languages = ["en", "hi"]
    is_approved = True

    @factory.post_generation
    def at_primary_centre(self, is_created: bool, wanted: bool | None, **_: object) -> None:
        if is_created and wanted is not False:
            StaffCentreFactory(user=self.user, centre=self.primary_centre)


class CareRelationshipFactory(DjangoModelFactory):
    class Meta:
        model = CareRelationship

    patient = factory.SubFactory(PatientFactory)
    counselor = factory.SubFactory(CounselorFactory)
    why = CareReason.SESSION


class DeviceFactory(DjangoModelFactory):
    class Meta:
        model = Device

    user = factory.SubFactory(UserFactory)
    security_version = factory.SelfAttribute("user.security_version")
    user_agent = "tests"
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=30))


class SessionTypeFactory(DjangoModelFactory):
    """50 minutes in every mode, free. `paid=True`: 60.00 at the centre."""

    class Meta:
        model = SessionType

    class Params:
        paid = factory.Trait(fee_minor=6000, payment_policy=PaymentPolicy.AT_CENTRE)

    counselor = factory.SubFactory(CounselorFactory)
    name = "Session"
    duration_minutes = 50
    modes = factory.LazyFunction(lambda: list(Mode.values))


class AvailabilityRuleFactory(DjangoModelFactory):
    """Mondays 09:00–17:00 UTC at the counselor's centre. `online=True`: video and phone only."""

    class Meta:
        model = AvailabilityRule

    class Params:
        online = factory.Trait(centre=None)

    counselor = factory.SubFactory(CounselorFactory)
    weekday = Weekday.MONDAY
    start = time(9)
    end = time(17)
    timezone = "UTC"
    centre = factory.SelfAttribute("counselor.primary_centre")
