"""Who may show a clinic's number: given by an administrator, taken back, and given on by one when somebody leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from operator import attrgetter
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from members.clinics import locked
from members.models import ClinicMembership
from members.notices import tell
from members.parts import Choice, Leaving
from realtime.protocol import refuse as refuse_plainly
from voice.approvals import told_of
from voice.ending import end_shown
from voice.models import ClinicNumber, Grant
from voice.numbers import formatted
from voice.refusals import refuse
from voice.sealed import open_in

GIVEN_OF: Final = ("live", "expired")
"""The states of a number that may be given: one that expired can be proved again."""
FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


@transaction.atomic
def give(number: ClinicNumber, member: ClinicMembership, by: ClinicMembership, until: datetime | None,
         now: datetime) -> Grant:
    """Let a member show a number, until a time or until it is taken back. A second grant replaces the first.

    Raises Refusal `number.state` for a number that cannot be proved again, `number.past` for an end that has passed.
    """
    locked(number.clinic_id)
    state = ClinicNumber.objects.values_list("state", flat=True).get(pk=number.pk)
    if until is not None and until <= now:
        raise refuse("number.past")
    if state not in GIVEN_OF:
        raise refuse("number.state")
    Grant.objects.filter(clinic_number=number, membership=member, ended_at=None).update(ended_at=now)
    grant = Grant.objects.create(
        clinic_number=number, membership=member, given_by=by.account, given_at=now, until=until)
    tell(str(member.account_id), "number.granted", **told_of(number))
    return grant


def take_back(number: ClinicNumber, member_id: str, now: datetime) -> None:
    """End a member's right to show a number, at once, and their calls under it that no patient has answered.

    Those end after it was stored: no lock is held for which they wait. Raises Refusal `not_found`.
    """
    held = Grant.objects.filter(clinic_number=number, membership=member_id, ended_at=None)
    account = held.values_list("membership__account", flat=True).first()
    if not held.update(ended_at=now):
        raise refuse_plainly("not_found")
    end_shown([number.pk], now, account)


def count(clinic: str, account: str) -> int:
    """How many of a clinic's numbers somebody may show."""
    return _held(UUID(clinic), UUID(account)).count()


def choices(place: ClinicMembership, now: datetime) -> list[Choice]:
    """Return what of a place an administrator could give to somebody else, by the numbers in full."""
    if place.clinic.state != "verified":
        return []
    found = [Choice(row.pk, formatted(open_in(row.clinic_number, "number")), row.until)
             for row in _standing(place, now).select_related("clinic_number")]
    return sorted(found, key=attrgetter("says"))


def pass_on(leaving: Leaving) -> None:
    """End the right to show the clinic's numbers; the heir is given those that were chosen, with the same end.

    An heir who may show a number as long or longer already keeps what they have.
    """
    place, heir = leaving.place, leaving.heir
    rows = _standing(place, leaving.now).filter(pk__in=leaving.chosen).select_related("clinic_number__clinic")
    given = list(rows.order_by("given_at", "pk"))
    _held(place.clinic_id, place.account_id).update(ended_at=leaving.now)
    if heir is None or leaving.by is None:
        return
    own = dict(_standing(heir, leaving.now).values_list("clinic_number", "until"))
    for row in given:
        number = row.clinic_number
        if number.pk not in own or (own[number.pk] or FOR_EVER) < (row.until or FOR_EVER):
            give(number, heir, leaving.by, row.until, leaving.now)


def _held(clinic: UUID, account: UUID) -> QuerySet[Grant]:
    return Grant.objects.filter(ended_at=None, membership__clinic=clinic, membership__account=account)


def _standing(place: ClinicMembership, now: datetime) -> QuerySet[Grant]:
    """The grants of a place that have not ended, of numbers that may be given."""
    ends = Q(until=None) | Q(until__gt=now)
    return Grant.objects.filter(ends, membership=place, ended_at=None, clinic_number__state__in=GIVEN_OF)
