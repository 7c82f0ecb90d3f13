"""Calls that prove a number: a voice speaks six digits to whoever answers, and who asked types them here.

Dialled through the outbox and the carrier like any leg; their legs belong to no call. The code is sealed and is erased
when the proof ends, however it ends. Five attempts, ten calls a number and week, minutes to live.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Substr
from django.utils import timezone

from members.models import Account
from realtime.instants import to_ms
from voice import outbox
from voice.budgets import lock_scopes
from voice.carriers.base import CarrierEvent, DialOrder
from voice.models import BudgetScope, CallPause, ClinicNumber, OwnPhone, Proof
from voice.planes import plane_of
from voice.refusals import refuse
from voice.sealed import open_in, seal_in
from voice.spoken import Spoken, to_clinic, to_member

ATTEMPTS: Final = 5
CALLS_A_WEEK: Final = 10
CALLS_A_DAY: Final = 10  # that one member may ask for, whatever the number
LIVES: Final = timedelta(minutes=10)
LATEST: Final = timedelta(days=7)
BY_CARRIER: Final = "carrier"
SCOPE: Final = "number:"
RING_S: Final = 45
LONGEST_S: Final = 120
UNDER_WAY: Final = ("waiting", "calling")
STANDING: Final = ("calling", "called")
"""``waiting`` for its time, ``calling``, ``called`` once it was answered and hung up; then ``proved`` or ``failed``."""


def ask_call(subject: ClinicNumber | OwnPhone, by: Account, now: datetime, at: datetime | None = None) -> Proof:
    """Have a number called with a code, now or `at` a time within a week; what stood before does not count any more.

    Runs in the caller's transaction. Raises Refusal `call.paused`, `proof.when`, `proof.standing`, `proof.week` or
    `proof.day`.
    """
    call_at = max(at or now, now)
    if call_at > now + LATEST:
        raise refuse("proof.when")
    if CallPause.objects.filter(clinic=None, ended_at=None).exists():
        raise refuse("call.paused")
    lock_scopes(f"account:{by.pk}", f"{SCOPE}{subject.number_index}")
    _check_often(subject, by, now)
    ours = Proof.objects.filter(**_of(subject))
    if ours.filter(state__in=UNDER_WAY, call_at__lte=now, expires_at__gt=now).exists():
        raise refuse("proof.standing")
    ours.filter(state="waiting", call_at__gt=now).delete()  # another time was chosen: that call was never made
    ours.filter(state__in=(*UNDER_WAY, *STANDING)).update(state="failed", cause="replaced", code=None)
    proof = Proof(asked_by=by, number_index=subject.number_index, attempts_left=ATTEMPTS, call_at=call_at,
                  expires_at=call_at + LIVES, **_of(subject))
    seal_in(proof, "code", f"{secrets.randbelow(1_000_000):06}")
    proof.save()
    outbox.put(kind="proof", key=f"proof:{proof.pk}", call=None, args={"proof": proof.pk}, due_at=call_at,
               plane=plane_of(settings.CURBSIDE_CARRIER))
    return proof


def _of(subject: ClinicNumber | OwnPhone) -> dict[str, ClinicNumber | OwnPhone]:
    return {"clinic_number" if isinstance(subject, ClinicNumber) else "phone": subject}


def _check_often(subject: ClinicNumber | OwnPhone, by: Account, now: datetime) -> None:
    """Whoever asks, and for whichever clinic: nobody's phone is to be rung by many askers."""
    of_number = Q(number_index=subject.number_index) | Q(**_of(subject))
    if Proof.objects.filter(of_number, call_at__gt=now - timedelta(days=7)).count() >= CALLS_A_WEEK:
        raise refuse("proof.week")
    if Proof.objects.filter(asked_by=by, call_at__gt=now - timedelta(days=1)).count() >= CALLS_A_DAY:
        raise refuse("proof.day")


def count_call(subject: ClinicNumber, by: Account, now: datetime) -> None:
    """Count a call that the carrier makes itself, which no code of ours can follow. Raises as `ask_call` does."""
    if CallPause.objects.filter(clinic=None, ended_at=None).exists():
        raise refuse("call.paused")
    lock_scopes(f"account:{by.pk}", f"{SCOPE}{subject.number_index}")
    _check_often(subject, by, now)
    Proof.objects.create(asked_by=by, number_index=subject.number_index, attempts_left=0, call_at=now, expires_at=now,
                         state="failed", cause=BY_CARRIER, **_of(subject))


def order_of(proof_id: str) -> DialOrder | None:
    """Return what the carrier is to dial, None where there is nothing to do any more."""
    proof = Proof.objects.select_related("clinic_number__clinic", "phone__account").filter(
        pk=proof_id, state="waiting").first()
    if proof is None:
        return None
    if CallPause.objects.filter(clinic=None, ended_at=None).exists() or not _is_wanted(proof):
        failed(proof_id, "paused")
        return None
    subject = proof.clinic_number or proof.phone
    extension = open_in(proof.clinic_number, "extension") if proof.clinic_number else ""
    spoken = _spoken(proof)
    return DialOrder(
        reference=proof.reference, to=open_in(subject, "number"), shown=settings.CURBSIDE_SERVICE_NUMBER,
        timeout_s=RING_S, confirm=False, room="", max_s=LONGEST_S, language=spoken.language, say=spoken.text,
        digits=extension, about=spoken.about, code=spoken.code)


def _is_wanted(proof: Proof) -> bool:
    if proof.clinic_number is not None:
        return proof.clinic_number.state != "revoked" and proof.clinic_number.clinic.state == "verified"
    return proof.phone is not None and proof.phone.removed_at is None


def is_proof(reference: str) -> bool:
    """Return whether a leg of this reference is a proving call."""
    return Proof.objects.filter(reference=reference).exists()


def say_of(reference: str) -> Spoken | None:
    """Return what is spoken on the leg of this reference, None where nothing stands."""
    proof = Proof.objects.select_related("clinic_number__clinic", "phone__account").filter(
        reference=reference, state__in=UNDER_WAY, expires_at__gt=timezone.now()).first()
    return _spoken(proof) if proof and proof.code else None


def _spoken(proof: Proof) -> Spoken:
    digits = open_in(proof, "code")
    if proof.clinic_number is not None:
        return to_clinic(proof.clinic_number.clinic, digits)
    assert proof.phone is not None
    return to_member(proof.phone.account, digits)


def called(proof_id: str, carrier_id: str) -> None:
    """Note that the carrier took the call, and its id of the leg."""
    now = timezone.now()
    Proof.objects.filter(pk=proof_id, carrier_id="").update(carrier_id=carrier_id)
    Proof.objects.filter(pk=proof_id, state="waiting").update(state="calling", expires_at=now + LIVES)


def failed(proof_id: str, cause: str) -> None:
    """Note that nobody heard the code; it does not count any more."""
    Proof.objects.filter(pk=proof_id, state__in=UNDER_WAY).update(state="failed", cause=cause, code=None)


def take_event(event: CarrierEvent) -> bool:
    """Take what the carrier says of a proving call; safe to repeat. Returns False for a leg that is none."""
    proof = Proof.objects.filter(reference=event.reference).first()
    if proof is None:
        return False
    now = timezone.now()
    if not proof.carrier_id:
        Proof.objects.filter(pk=proof.pk).update(carrier_id=event.carrier_id)
    live = Proof.objects.filter(pk=proof.pk, state__in=UNDER_WAY)
    if event.kind == "answered":
        live.filter(answered_at=None).update(state="calling", answered_at=now, expires_at=now + LIVES)
    elif event.kind == "ended":
        heard = live.exclude(answered_at=None).update(state="called")
        if not heard:
            failed(proof.pk, event.cause.value if event.cause else "failed")
    return True


def take_code(subject: ClinicNumber | OwnPhone, code: str, now: datetime) -> Proof:
    """Return the proof that this code completes; every try but the right one costs one of five.

    Not to be called in a transaction: a try that is undone would cost nothing. Raises Refusal `proof.none`,
    `proof.over`, `proof.wrong` (``d.left``).
    """
    proof = Proof.objects.filter(state__in=STANDING, **_of(subject)).order_by("-call_at").first()
    if proof is None:
        raise refuse("proof.none")
    tried = Proof.objects.filter(pk=proof.pk, state__in=STANDING, attempts_left__gt=0, expires_at__gt=now)
    # Taken before it is compared, so that parallel guesses cannot share an attempt.
    if not tried.update(attempts_left=F("attempts_left") - 1) or not proof.code:
        Proof.objects.filter(pk=proof.pk, state__in=STANDING).update(state="failed", cause="over", code=None)
        raise refuse("proof.over")
    typed = "".join(letter for letter in code if letter.isalnum())
    if not hmac.compare_digest(typed.encode(), open_in(proof, "code").encode()):
        raise refuse("proof.wrong", d={"left": proof.attempts_left - 1})
    return proof


def complete(proof: Proof, now: datetime) -> None:
    """End a proof whose code was right, in the caller's transaction. Raises Refusal `proof.over`."""
    if not Proof.objects.filter(pk=proof.pk, state__in=STANDING).update(state="proved", code=None):
        raise refuse("proof.over")


def show_proof(proof: Proof) -> dict[str, Any]:
    """Return how a proof stands: `state`, when it is called and until when its code counts (Unix ms), tries left.

    `code` is there in the demo alone, where nobody's phone can ring.
    """
    over = proof.state in (*UNDER_WAY, *STANDING) and proof.expires_at <= timezone.now()
    return {
        "state": "failed" if over else proof.state, "cause": "over" if over else proof.cause,
        "call_at": to_ms(proof.call_at), "expires_at": to_ms(proof.expires_at),
        "attempts_left": proof.attempts_left, "code": None if over else _shown_in_demo(proof),
    }


def _shown_in_demo(proof: Proof) -> str | None:
    alone = settings.CURBSIDE_DEMO and settings.CURBSIDE_CARRIER == "loopback"
    return open_in(proof, "code") if alone and proof.state in STANDING and proof.code else None


def forget(before: datetime) -> int:
    """Erase codes that do not count any more, and proofs from before an instant; return how many were erased."""
    now = timezone.now()
    with transaction.atomic():
        stale = Proof.objects.filter(expires_at__lt=now, state__in=(*UNDER_WAY, *STANDING))
        over = stale.update(state="failed", cause="over", code=None)
        return over + Proof.objects.filter(call_at__lt=before).delete()[0] + _forget_locks()


def _forget_locks() -> int:
    """Remove what was locked while a number's calls were counted, where none is any more: its name is an index."""
    standing = Proof.objects.filter(number_index=OuterRef("index"))
    locks = BudgetScope.objects.filter(key__startswith=SCOPE).annotate(index=Substr("key", len(SCOPE) + 1))
    return locks.filter(~Exists(standing)).delete()[0]
