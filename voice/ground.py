"""What stands in the database when somebody wishes to call, read in one statement and never kept.

The rules of ``policy.py``, ``rights.py`` and ``rulebook.py`` judge what this returns. A right is a chain, of which
every link must hold now: `GRANTED` says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from members.models import Account, Clinic, ClinicMembership
from members.second_factor import HAS_SECOND_FACTOR
from realtime import rows, sql
from voice.models import ClinicLimits, ClinicNumber, OwnPhone, Patient


@dataclass(frozen=True, slots=True)
class Ground:
    """What stands now; None is what there is not.

    `place`: the member's, in the clinic of the wish, with its account and clinic. `number`: the clinic number that was
    wished for, where the member holds a grant of it that counts, with its clinic and holder. `patient`: of that clinic
    and of no other. `phone`: on which the member is rung now. `paused`: calls of that clinic, or all.
    """

    place: ClinicMembership | None
    limits: ClinicLimits | None
    patient: Patient | None
    number: ClinicNumber | None
    phone: OwnPhone | None
    second_factor: bool
    paused: bool


GRANTED: Final = (
    "a.is_active AND a.verified_at IS NOT NULL AND EXISTS(SELECT 1 FROM voice_grant g "
    "JOIN members_clinicmembership gm ON gm.id = g.membership_id JOIN members_clinic gc ON gc.id = gm.clinic_id "
    "WHERE g.clinic_number_id = n.id AND g.ended_at IS NULL AND (g.until IS NULL OR g.until > %s) "
    "AND gm.account_id = a.id AND gm.left_at IS NULL AND gc.state = 'verified')"
)
PHONE: Final = (
    "SELECT id FROM voice_ownphone WHERE account_id = a.id AND removed_at IS NULL AND usable_at <= %s "
    "ORDER BY usable_at DESC, id DESC LIMIT 1"
)
"""The newest of the phones that are proved and have cooled down."""
PAUSED: Final = (
    "EXISTS(SELECT 1 FROM voice_callpause WHERE ended_at IS NULL AND (clinic_id IS NULL OR clinic_id = m.clinic_id))"
)
READ: Final = (ClinicMembership, Account, Clinic, ClinicLimits, Patient, ClinicNumber, Clinic, ClinicNumber, Clinic,
               OwnPhone)  # fmt: skip
AS: Final = ("m", "a", "c", "l", "p", "n", "nc", "h", "hc", "o")
FROM: Final = (
    "FROM members_account a "
    "LEFT JOIN members_clinicmembership m ON m.account_id = a.id AND m.clinic_id = %s AND m.left_at IS NULL "
    "AND a.is_active "
    "LEFT JOIN members_clinic c ON c.id = m.clinic_id LEFT JOIN voice_cliniclimits l ON l.clinic_id = m.clinic_id "
    "LEFT JOIN voice_patient p ON p.id = %s AND p.clinic_id = m.clinic_id "
    f"LEFT JOIN voice_clinicnumber n ON n.id = %s AND {GRANTED} "
    "LEFT JOIN members_clinic nc ON nc.id = n.clinic_id LEFT JOIN voice_clinicnumber h ON h.id = n.holder_id "
    "LEFT JOIN members_clinic hc ON hc.id = h.clinic_id "
    f"LEFT JOIN voice_ownphone o ON o.id = ({PHONE}) WHERE a.id = %s"
)
NOTHING: Final = Ground(None, None, None, None, None, False, False)


def stand_on(account: str, now: datetime, *, clinic: str = "", caller_id: str = "", patient: str = "") -> Ground:
    """Read what stands of a member's wish; what is not named, or is no id, is not there."""
    member = _uuid_or_none(account)
    values = rows.given(_uuid_or_none(clinic), patient, caller_id, now, now, member)
    named = ", ".join(rows.columns(model, alias) for model, alias in zip(READ, AS, strict=True))
    with sql.prepared() as cursor:
        cursor.execute(f"SELECT {named}, {HAS_SECOND_FACTOR}, {PAUSED} {FROM}", values)
        row = cursor.fetchone()
    return NOTHING if row is None else _ground(rows.split(row, *READ))


def _ground(found: list[Any]) -> Ground:
    place, account, clinic, limits, patient, number, number_clinic, holder, holder_clinic, phone, factor, paused = found
    if place is not None:
        place.account, place.clinic = account, clinic
    if number is not None:
        number.clinic, number.holder = number_clinic, holder
    if holder is not None:
        holder.clinic = holder_clinic
    return Ground(place, limits, patient, number, phone, bool(factor), bool(paused))


def _uuid_or_none(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None
