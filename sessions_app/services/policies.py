"""What cancelling costs: counselors' notice policies, and the charge for one session now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import CounselorProfile, User
from accounts.roles import Role
from core.errors import InvalidState, ValidationFailed
from core.facts import fact
from core.money import share_of
from sessions_app.models import CancellationCharge, NoticePolicy, Session, SessionType, SlotHold
from sessions_app.models.policies import IN_FORCE_AFTER
from sessions_app.services.occupancy import lock


@dataclass(frozen=True, slots=True)
class CancellationCost:
    """What cancelling costs this reader now, in the currency's minor unit, rounded down to the smallest coin.

    `policy` is the version that the patient agreed to, None when there was none: then it is free. `free_until` is the
    last instant at which the patient cancels without charge (UTC), and `late_charge_minor` what it costs afterwards;
    None and 0 when it costs nothing at any time.
    """

    charge_minor: int
    currency: str
    free_until: datetime | None
    late_charge_minor: int
    policy: NoticePolicy | None


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """What holds for a booking made now, and what will hold for one made after `coming.in_force_from`."""

    current: NoticePolicy | None
    coming: NoticePolicy | None


def set_notice_policy(
    *,
    counselor: CounselorProfile,
    free_until_hours: int,
    late_percent: int,
    actor: User,
    now: datetime | None = None,
) -> NoticePolicy:
    """A new version, in force IN_FORCE_AFTER from now for what is booked then. What is booked keeps its own.

    The same terms again are no new version. Raises Django's ValidationError, by field.
    """
    now = now or timezone.now()
    with fact(actor=actor) as current:
        lock(counselor.pk)
        newest = counselor.notice_policies.order_by("-version").first()
        if newest and (newest.free_until_hours, newest.late_percent) == (free_until_hours, late_percent):
            return newest
        policy = NoticePolicy(
            counselor=counselor,
            version=newest.version + 1 if newest else 1,
            free_until_hours=free_until_hours,
            late_percent=late_percent,
            in_force_from=now + IN_FORCE_AFTER,
            created_by=actor,
            created_at=now,
        )
        policy.full_clean()
        policy.save(force_insert=True)
        current.audit("notice_policy.set", policy, centre_id=counselor.primary_centre_id)
    return policy


def policies_of(counselor_id: UUID, *, now: datetime | None = None) -> PolicyInForce:
    now = now or timezone.now()
    versions = list(NoticePolicy.objects.filter(counselor=counselor_id).order_by("-version")[:5])
    current = next((policy for policy in versions if policy.in_force_from <= now), None)
    newest = versions[0] if versions else None
    return PolicyInForce(current, newest if newest is not current else None)


def policy_agreed_to(session: Session, patient_id: UUID | None = None) -> NoticePolicy | None:
    """The version in force when the session's first time was taken: for a held time, when the hold was placed.

    So what stood on the page of a hold is what holds, and no later version touches what is booked, moved or not. For a
    patient who came to a session of others: when they did.
    """
    if session.capacity > 1 and patient_id is not None:
        joined = session.participants.filter(patient=patient_id, joined_at__isnull=False).first()
        if joined is not None and joined.joined_at is not None:
            return policy_at(session.counselor_id, joined.joined_at)
    first = session.moves.select_related("entry").first()
    entry = first.entry if first else session.entry
    return policy_at(session.counselor_id, entry.created_at)


def policy_at(counselor_id: UUID, at: datetime) -> NoticePolicy | None:
    return NoticePolicy.objects.filter(counselor=counselor_id).in_force_at(at).first()


def cost_of_cancelling(*, session: Session, actor: User, now: datetime | None = None) -> CancellationCost:
    """What it costs when `actor` cancels now. Counselors and staff who cancel charge the patient nothing."""
    policy = policy_agreed_to(session, actor.pk)
    return _cost(
        policy, session, session.start, at=now or timezone.now(), is_patient=actor.role == Role.PATIENT
    )


def cost_after_booking(hold: SlotHold) -> CancellationCost:
    """What cancelling will cost once this hold, with its entry and type, is booked: to be shown before."""
    policy = policy_at(hold.counselor_id, hold.entry.created_at)
    return _cost(policy, hold.session_type, hold.entry.start, at=timezone.now(), is_patient=True)


def _cost(
    policy: NoticePolicy | None,
    priced: Session | SessionType,
    start: datetime,
    *,
    at: datetime,
    is_patient: bool,
) -> CancellationCost:
    late = share_of(priced.fee_minor, policy.late_percent) if policy and policy.free_until_hours else 0
    if policy is None or not late:
        return CancellationCost(0, priced.currency, None, 0, policy)
    free_until = start - timedelta(hours=policy.free_until_hours)
    charge = late if is_patient and at > free_until else 0
    return CancellationCost(charge, priced.currency, free_until, late, policy)


def waive_charge(
    *,
    session: Session,
    reason: str,
    actor: User,
    patient_id: UUID | None = None,
    now: datetime | None = None,
) -> Session:
    """The patient owes it no longer; of several who owe, the one who is named. The reason goes into the audit trail.

    Raises InvalidState when there is no charge, or it was waived before, and ValidationFailed when nobody is named and
    several owe.
    """
    with fact(actor=actor) as current:
        charges = CancellationCharge.objects.select_for_update(of=("self",)).filter(session=session)
        if patient_id is not None:
            charges = charges.filter(participant__patient=patient_id)
        found = list(charges.select_related("participant"))
        owed = [charge for charge in found if charge.waived_at is None]
        if len(owed) > 1 and patient_id is None:
            raise ValidationFailed(details={"patient": ["Several owe something. Name whose charge it is."]})
        charge = next(iter(owed or found), None)
        if charge is None:
            raise InvalidState("Nothing was charged for this session, so there is nothing to waive.")
        if charge.waived_at is not None:
            raise InvalidState("This charge is waived already.")
        charge.waived_by, charge.waived_at = actor, now or timezone.now()
        charge.save(update_fields=["waived_by", "waived_at"])
        current.audit(
            "session.charge_waived",
            session,
            patient_id=_who_owes(charge, session),
            centre_id=session.centre_id,
            why=reason,
        )
        current.announce("session.charge_waived", session=session.pk)
    return session


def _who_owes(charge: CancellationCharge, session: Session) -> UUID:
    if charge.participant is not None:
        return charge.participant.patient_id
    return session.participants.values_list("patient_id", flat=True)[0]
