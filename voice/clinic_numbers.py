"""The life of a clinic's number: asked for, proved by a call, approved by somebody else, lent, revoked.

An administrator acts, for a clinic that is verified. A number that is proved has one holder; another department uses it
with the holder's consent. Proved again within its life, a number goes on without another approval.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from members.clinics import administrators_of, locked
from members.models import Account, Clinic, ClinicMembership
from members.notices import tell
from realtime.protocol import refuse as refuse_plainly
from realtime.timers import clear_timer
from voice import proofs
from voice.approvals import LIVES, TIMER, await_approval, keep_timer, make_live, told_of, wait_alone
from voice.ending import end_shown
from voice.models import ClinicNumber, Grant, Proof
from voice.numbers import SHOWN, Number, Unreadable, find_emergency, mask, read_number
from voice.policy import regions_of
from voice.refusals import refuse
from voice.sealed import EVERYWHERE, blind_index, blind_indexes, open_in, seal_in

MOST: Final = 50
LONGEST_EXTENSION: Final = 10
HOLDS: Final = ("approving", "live", "expired")
ATTESTATION_OWN: Final = "B"
"""What a carrier signs for a number that it does not hold. Source: ATIS-1000074, section 5.2.3 (attestation)."""


def access_number(place: ClinicMembership, number_id: str) -> ClinicNumber:
    """Return a number of the clinic of this place. Raises Refusal `not_found`."""
    numbers = ClinicNumber.objects.select_related("clinic", "holder__clinic")
    number = numbers.filter(pk=number_id, clinic=place.clinic_id).first()
    if number is None:
        raise refuse_plainly("not_found")
    return number


def read_shown(raw: str, clinic: Clinic, now: datetime) -> Number:
    """Return a number that a clinic of this country may show.

    Raises Refusal `number.invalid`, `number.not_shown` or `number.region`.
    """
    if find_emergency(raw, clinic.country):
        raise refuse("number.not_shown")
    try:
        number = read_number(raw, clinic.country)
    except Unreadable:
        raise refuse("number.invalid") from None
    if number.type not in SHOWN or find_emergency(number.e164, clinic.country):
        raise refuse("number.not_shown")
    if number.region not in regions_of(clinic, now):
        raise refuse("number.region")
    return number


@transaction.atomic
def ask_number(place: ClinicMembership, raw: str, extension: str, call_at: datetime | None,
               now: datetime) -> ClinicNumber:
    """Store a number of the clinic's own that is to be proved, with a call at the time that was picked, if any.

    Raises Refusal `number.*` for what cannot be shown, is here already or is held by another clinic, and `proof.*`.
    """
    clinic = locked(place.clinic_id)
    if len(extension) > LONGEST_EXTENSION or (extension and not (extension.isascii() and extension.isdigit())):
        raise refuse("number.invalid")
    read = read_shown(raw, clinic, now)
    check_free(clinic, read.e164)
    number = ClinicNumber(clinic=clinic, mode="own", attestation=ATTESTATION_OWN, asked_by=place.account, asked_at=now,
                          number_index=blind_index(EVERYWHERE, read.e164))
    seal_in(number, "number", read.e164)
    seal_in(number, "extension", extension)
    number.save()
    if call_at is not None:
        proofs.ask_call(number, place.account, now, call_at)
    return number


@transaction.atomic
def assign(clinic_id: str, raw: str, now: datetime, *, vetted: bool) -> ClinicNumber:
    """Store a number that the service holds for a clinic, which an administrator of it approves.

    Raises Refusal `not_found` for no verified clinic, and `number.*`.
    """
    clinic = _find_clinic(clinic_id)
    locked(clinic.pk)
    read = read_shown(raw, clinic, now)
    check_free(clinic, read.e164)
    number = ClinicNumber(
        clinic=clinic, mode="held", attestation="A" if vetted else "B", asked_at=now, proved_at=now,
        evidence="held by the service" + (", the clinic vetted" if vetted else ""),
        number_index=blind_index(EVERYWHERE, read.e164))
    seal_in(number, "number", read.e164)
    await_approval(number, now)
    number.save()
    return number


def check_free(clinic: Clinic, e164: str) -> None:
    """Raise Refusal `number.here` or `number.elsewhere` for a number that is taken, `too_many` for one too many."""
    indexes = blind_indexes(EVERYWHERE, e164)
    if clinic.numbers.filter(number_index__in=indexes).exclude(state="revoked").exists():
        raise refuse("number.here")
    held = ClinicNumber.objects.filter(number_index__in=indexes, holder=None, state__in=HOLDS)
    if held.exclude(clinic=clinic).exists():
        raise refuse("number.elsewhere")
    if clinic.numbers.exclude(state="revoked").count() >= MOST:
        raise refuse_plainly("too_many")


@transaction.atomic
def call_to_prove(number: ClinicNumber, by: ClinicMembership, now: datetime, at: datetime | None = None) -> Proof:
    """Have the number called with a code. Raises Refusal `number.state`, `call.paused`, `proof.*`."""
    if number.mode != "own" or number.holder_id is not None or number.state in ("approving", "revoked"):
        raise refuse("number.state")
    return proofs.ask_call(number, by.account, now, at)


def prove(number: ClinicNumber, by: ClinicMembership, code: str, now: datetime) -> None:
    """Prove a number by the code that was heard. New, it waits for an approval; approved before, it lives 90 days more.

    Raises Refusal `proof.*`, and `number.elsewhere` where another clinic proved it first.
    """
    proof = proofs.take_code(number, code, now)
    try:
        with transaction.atomic():
            locked(number.clinic_id)
            row = ClinicNumber.objects.select_for_update().select_related("clinic").get(pk=number.pk)
            if row.state not in ("proving", "live", "expired"):
                raise refuse("number.state")
            proofs.complete(proof, now)
            row.proved_at, row.evidence, row.reminded_days = now, "code spoken by a call", None
            if row.approved_at is None:
                row.asked_by = by.account
                await_approval(row, now)
            else:
                row.state, row.expires_at = "live", now + LIVES
            row.save()
            keep_timer(row)
    except IntegrityError:
        raise refuse("number.elsewhere") from None


def approve(number: ClinicNumber, by: ClinicMembership, now: datetime) -> None:
    """Let a proved number be shown. Raises Refusal `number.state`, `number.waits` or `number.someone_else`."""
    wait_alone(number.pk, now)  # stored, though the answer is a refusal
    _approve(number, by, now)


@transaction.atomic
def _approve(number: ClinicNumber, by: ClinicMembership, now: datetime) -> None:
    locked(number.clinic_id)
    row = ClinicNumber.objects.select_for_update().select_related("clinic").get(pk=number.pk)
    if row.state != "approving":
        raise refuse("number.state")
    if row.asked_by_id == by.account_id:
        if row.single_until is None:
            raise refuse("number.someone_else")
        raise refuse("number.waits", after=(row.single_until - now).total_seconds())
    row.approved_by = by.account
    make_live(row, now)


def revoke(number: ClinicNumber, now: datetime, by: Account | None = None, why: str = "") -> None:
    """End the right to a number at once, with every grant of it and every department that uses it by this clinic.

    Calls that no patient has answered end too, after the revocation was stored: no lock is held for which they wait.
    Who and why stays with this clinic's row alone: it is not for the departments.
    """
    end_shown(_revoke(number, now, by, why), now)


@transaction.atomic
def _revoke(number: ClinicNumber, now: datetime, by: Account | None, why: str) -> list[str]:
    """Store a revocation, and return the rows that are revoked: the clinic's own and those it lent."""
    locked(number.clinic_id)
    rows = ClinicNumber.objects.select_for_update().filter(Q(pk=number.pk) | Q(holder=number.pk))
    for row in rows.exclude(state="revoked").order_by("pk"):
        row.state, row.revoked_at = "revoked", now
        if row.pk == number.pk:
            row.revoked_by, row.revoked_why = by, why
        row.save(update_fields=["state", "revoked_at", "revoked_by", "revoked_why"])
        Grant.objects.filter(clinic_number=row, ended_at=None).update(ended_at=now)
        Proof.objects.filter(clinic_number=row, state__in=(*proofs.UNDER_WAY, *proofs.STANDING)).update(
            state="failed", cause="revoked", code=None)
        clear_timer(TIMER, row.pk)
        for account in administrators_of(row.clinic_id):
            tell(account, "number.revoked", **told_of(row))
    return [row.pk for row in rows]


@transaction.atomic
def lend(number: ClinicNumber, to: str, by: ClinicMembership, now: datetime) -> ClinicNumber:
    """Let another verified clinic use a number that this one holds; its administrator still has to approve.

    Raises Refusal `number.state`, `number.here`, and `not_found` for a clinic that does not exist or is not verified.
    """
    if number.state != "live" or number.holder_id is not None:
        raise refuse("number.state")
    clinic = _find_clinic(to)
    locked(clinic.pk)
    e164 = open_in(number, "number")
    if clinic.numbers.filter(number_index__in=blind_indexes(EVERYWHERE, e164)).exclude(state="revoked").exists():
        raise refuse("number.here")
    lent = ClinicNumber(clinic=clinic, mode=number.mode, attestation=number.attestation, asked_by=by.account,
                        asked_at=now, proved_at=number.proved_at, evidence="consent of its holder", holder=number,
                        number_index=blind_index(EVERYWHERE, e164))
    seal_in(lent, "number", e164)
    await_approval(lent, now)
    lent.save()
    keep_timer(lent)
    return lent


def _find_clinic(clinic_id: str) -> Clinic:
    try:
        clinic = Clinic.objects.filter(pk=UUID(clinic_id), state="verified").first()
    except ValueError:
        clinic = None
    if clinic is None:
        raise refuse_plainly("not_found")
    return clinic


def forget_digits(before: datetime) -> int:
    """Leave nothing but the mask of numbers that were revoked before an instant; return how many.

    The rows stay: calls name them, and they say who revoked them and why.
    """
    rows = ClinicNumber.objects.filter(state="revoked", revoked_at__lt=before).exclude(number_index="")
    erased = 0
    for row in rows.iterator():
        seal_in(row, "number", mask(open_in(row, "number")))
        row.extension, row.number_index = None, ""
        row.save(update_fields=["number", "extension", "number_index"])
        erased += 1
    return erased
