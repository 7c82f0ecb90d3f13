"""A member's own phone, on which they are rung before the patient is. Proved by a code before its first use.

A change is told to the member and cools down for a day, so that a stolen session cannot redirect calls at once; the
phone that was proved before stays in use until then. Removing one and adding another is a change too.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from members.clinics import places_of
from members.models import Account
from members.notices import tell
from realtime.instants import to_ms
from voice.budgets import lock_scopes
from voice.models import OwnPhone, Proof
from voice.numbers import DIALLED, Number, Unreadable, find_emergency, mask, read_number
from voice.proofs import ask_call, complete, show_proof, take_code
from voice.refusals import refuse
from voice.sealed import EVERYWHERE, blind_index, blind_indexes, open_in, seal_in
from voice.shapes import or_none

NOWHERE: Final = "ZZ"
COOLING: Final = timedelta(hours=24)
REMEMBERED: Final = timedelta(days=30)  # how long after its end a phone still makes the next one a change


def own_phone(account_id: str) -> str:
    """Return the E.164 number on which a member is rung. Raises Refusal `call.no_phone`, `call.phone_cooling`."""
    now = timezone.now()
    phone = usable_phone(account_id, now)
    if phone is not None:
        return open_in(phone, "number")
    cooling = _kept(account_id).filter(usable_at__gt=now).order_by("usable_at").first()
    if cooling is None or cooling.usable_at is None:
        raise refuse("call.no_phone")
    raise refuse("call.phone_cooling", after=(cooling.usable_at - now).total_seconds())


def usable_phone(account_id: str, now: datetime) -> OwnPhone | None:
    """Return the phone that is rung now: the newest of those that are proved and have cooled down."""
    return _kept(account_id).filter(usable_at__lte=now).order_by("-usable_at", "-pk").first()


def is_own(account_id: str, e164: str) -> bool:
    """Return whether a number is a member's own phone that they have not removed."""
    return _kept(account_id).filter(proved_at__isnull=False, number_index__in=blind_indexes(EVERYWHERE, e164)).exists()


def _kept(account_id: str) -> QuerySet[OwnPhone]:
    return OwnPhone.objects.filter(account=UUID(account_id), removed_at=None)


def waiting_phone(account_id: str) -> OwnPhone | None:
    """Return the newest phone that is not proved yet."""
    return _kept(account_id).filter(proved_at=None).order_by("-added_at", "-pk").first()


@transaction.atomic
def add_phone(account: Account, raw: str, now: datetime) -> Proof:
    """Store a phone and have it called with a code; one that was waiting for its code is forgotten.

    Whoever may not call makes us ring nobody either. Raises Refusal `call.not_verified`, `call.emergency`,
    `call.invalid`, `call.type`, `call.region`, `call.paused`, `proof.*`.
    """
    if account.verified_at is None:
        raise refuse("call.not_verified")
    # The scope first, as in the start of a call, which comes to the account's row when it commits.
    lock_scopes(f"account:{account.pk}")
    _locked(account)
    homes = [account.country, *(place.clinic.country for place in places_of(str(account.pk)))]
    home = next((country for country in homes if country), NOWHERE)
    read = read_phone(raw, {*homes, *settings.CURBSIDE_CALL_REGIONS}, home)
    phone = _kept(str(account.pk)).filter(
        proved_at=None, number_index__in=blind_indexes(EVERYWHERE, read.e164)).first()
    _kept(str(account.pk)).filter(proved_at=None).exclude(pk=phone.pk if phone else "").update(removed_at=now)
    if phone is None:
        phone = OwnPhone(account=account, added_at=now, number_index=blind_index(EVERYWHERE, read.e164))
        seal_in(phone, "number", read.e164)
        phone.save()
    return ask_call(phone, account, now)


def _locked(account: Account) -> None:
    """Hold one's phones to the end of the transaction. Rows that only refer to the account are not kept waiting."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)


def read_phone(raw: str, regions: set[str], home: str) -> Number:
    """Return a number on which a member of these regions can be rung. Raises Refusal as `add_phone`."""
    tel = find_emergency(raw, home)
    if tel is not None:
        raise refuse("call.emergency", d={"tel": tel})
    try:
        read = read_number(raw, home)
    except Unreadable:
        raise refuse("call.invalid") from None
    if read.type not in DIALLED:
        raise refuse("call.type")
    if read.region not in regions:
        raise refuse("call.region")
    return read


def prove_phone(account: Account, code: str, now: datetime) -> OwnPhone:
    """Prove the phone that waits, by the code that was heard on it. The first one is used at once, a change cools down.

    Raises Refusal `proof.none`, `proof.wrong`, `proof.over`.
    """
    phone = waiting_phone(str(account.pk))
    if phone is None:
        raise refuse("proof.none")
    proof = take_code(phone, code, now)
    with transaction.atomic():
        _locked(account)
        complete(proof, now)
        changed = is_change(str(account.pk), phone, now)
        phone.proved_at, phone.usable_at = now, now + COOLING if changed else now
        phone.save(update_fields=["proved_at", "usable_at"])
        at = to_ms(phone.usable_at)
        tell(str(account.pk), "phone.changed" if changed else "phone.added",
             mask=mask(open_in(phone, "number")), at=at)
    return phone


def is_change(account_id: str, phone: OwnPhone, now: datetime) -> bool:
    """Return whether another phone was in use lately; one that is proved once more is no change."""
    lately = Q(removed_at=None) | Q(removed_at__gt=now - REMEMBERED)
    others = OwnPhone.objects.filter(lately, account=UUID(account_id), proved_at__isnull=False)
    return others.exclude(number_index=phone.number_index).exists()


@transaction.atomic
def remove_phones(account: Account, now: datetime) -> None:
    """Ring none of a member's phones any more. Told to the member, as whoever took their session might do it."""
    masks = [mask(open_in(phone, "number")) for phone in _kept(str(account.pk)).exclude(proved_at=None)]
    _kept(str(account.pk)).update(removed_at=now)
    for shown in masks[:1]:
        tell(str(account.pk), "phone.removed", mask=shown)


def forget(before: datetime) -> int:
    """Erase phones that were removed before an instant, and those whose code nobody typed since; return how many rows.

    What counts calls that spoke a code is older then, and goes with its phone.
    """
    removed = Q(removed_at__lte=before)
    waited = Q(removed_at=None, proved_at=None, added_at__lte=before)
    asked = Proof.objects.filter(phone=OuterRef("pk"), call_at__gt=before)
    return OwnPhone.objects.filter(removed | waited).exclude(Exists(asked)).delete()[0]


def show_phone(account_id: str, now: datetime) -> dict[str, Any]:
    """Return the phone in use, one that cools down, and one that waits for its code, each as a mask."""
    used = usable_phone(account_id, now)
    cooling = _kept(account_id).filter(usable_at__gt=now).order_by("-usable_at").first()
    waiting = waiting_phone(account_id)
    proof = waiting.proofs.order_by("-call_at").first() if waiting else None
    return {
        "verified": used is not None,
        "mask": mask(open_in(used, "number")) if used else None,
        "cooling": {"mask": mask(open_in(cooling, "number")), "at": or_none(cooling.usable_at)} if cooling else None,
        "waiting": {"mask": mask(open_in(waiting, "number")), **show_proof(proof)} if waiting and proof else None,
    }
