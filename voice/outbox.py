"""The outbox: what is to be asked of carriers, claimed by compare-and-set. Nothing here speaks to a carrier.

A claim is a state and a lease. What dies with its claim is asked again, for all but a dial does nothing twice; a dial
whose claim died becomes ``unknown`` and is never asked again: the sweep looks for it at the carrier, and its call ends
as ``uncertain`` when it is not found in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from members.models import Account
from realtime import rows, sql
from realtime.rows import Part
from voice.call import DialUnknown, Side
from voice.holding import alone, holding
from voice.models import Action, Attempt, Call, CallNumber, HeardEvent, LoopbackLeg
from voice.planes import CARRIER

TRIES_MOST: Final = 6
LONGEST_PAUSE_S: Final = 5.0
TRIED_FOR: Final = {"hangup": timedelta(minutes=90)}
"""What is tried on after those tries, and for how long, every half a minute: longer than a leg lives at its carrier."""
PAUSE_ON_S: Final = 30.0
CLAIMED: Final = (
    f"SELECT {rows.columns(Action, 'x')}, {rows.columns(Attempt, 'a')}, {rows.columns(Call, 'c')}, "
    f"{rows.columns(CallNumber, 't')}, {rows.columns(CallNumber, 's')}, m.languages FROM CLAIMED x "
    "LEFT JOIN voice_attempt a ON a.id = x.attempt_id LEFT JOIN voice_call c ON c.stream_id = x.call_id "
    "LEFT JOIN voice_callnumber t ON x.kind = 'dial' AND t.call_id = x.call_id AND t.role = a.side "
    "LEFT JOIN voice_callnumber s ON x.kind = 'dial' AND s.call_id = x.call_id AND s.role = 'shown' "
    "LEFT JOIN members_account m ON m.id = c.account AND a.side = 'clinician'"
)
"""What was claimed, with all that it is carried out by: a dial takes the sealed numbers of its call along, what is said
on a clinician's leg the languages that they speak."""
ON_POSTGRESQL: Final = (
    "WITH claimed AS (UPDATE voice_action SET state = 'claimed', lease_until = %s, tries = tries + 1 WHERE id IN ("
    "SELECT id FROM voice_action WHERE state = 'waiting' AND plane = 'carrier' AND due_at <= %s "
    "ORDER BY due_at LIMIT %s "
    f"FOR UPDATE SKIP LOCKED) RETURNING *) {CLAIMED.replace('CLAIMED', 'claimed')}"
)
KINDS_ON_POSTGRESQL: Final = ON_POSTGRESQL.replace("ORDER BY due_at", "AND kind = ANY(%s) ORDER BY due_at")
BY_IDS: Final = f"{CLAIMED.replace('CLAIMED', 'voice_action')} WHERE x.id IN (IDS)"
ONCE: Final = ("dial", "proof")
KEPT: Final = timedelta(days=2)
SAID_KEPT: Final = timedelta(days=30)


def put(
    *, kind: str, key: str, call: Call | None, args: dict[str, Any], due_at: datetime, plane: str = CARRIER
) -> None:
    """Put something into the outbox, in the caller's transaction; the same key a second time changes nothing."""
    action = Action(kind=kind, key=key, call=call, args=args, due_at=due_at, plane=plane, made_at=timezone.now())
    Action.objects.bulk_create([action], ignore_conflicts=True)


def claim(most: int, now: datetime, kinds: Sequence[str] = ()) -> list[Action]:
    """Claim what carriers are to be asked now, at most so many, and return it, the earliest first.

    Two loops never claim the same. `kinds`: of these alone; empty: of all.
    """
    until = now + timedelta(seconds=settings.CURBSIDE_CALL_LEASE_S)
    if connection.vendor != "sqlite":
        if kinds:
            return _claimed(KINDS_ON_POSTGRESQL, [until, now, list(kinds), most])
        return _claimed(ON_POSTGRESQL, [until, now, most])
    # Looked at outside of a transaction: there, every transaction is a writing one.
    due = Action.objects.filter(state="waiting", plane=CARRIER, due_at__lte=now).order_by("due_at")
    due = due.filter(kind__in=kinds) if kinds else due
    ids = list(due.values_list("pk", flat=True)[:most])
    if not ids:
        return []
    lease = {"state": "claimed", "lease_until": until, "tries": F("tries") + 1}
    with alone(), transaction.atomic():
        ids = [pk for pk in ids if Action.objects.filter(pk=pk, state="waiting").update(**lease)]
    return claimed(ids)


def claimed(ids: Sequence[int]) -> list[Action]:
    """Return actions that the caller has claimed, with all that they are carried out by, the earliest first."""
    return _claimed(BY_IDS.replace("IDS", ", ".join(["%s"] * len(ids)) or "NULL"), list(ids))


def _claimed(text: str, values: list[Any]) -> list[Action]:
    with sql.prepared() as cursor:
        cursor.execute(text, values)
        found = [rows.split(row, Action, Attempt, Call, CallNumber, CallNumber) for row in cursor.fetchall()]
    for action, attempt, call, *numbers, spoken in found:
        action.attempt, action.call = attempt, call
        if attempt is not None:
            attempt.call = call
        action.numbers = {number.role: number for number in numbers if number is not None}
        action.languages = None if spoken is None else rows.value(Account, "languages", spoken)
    return sorted((row[0] for row in found), key=lambda action: (action.due_at, action.pk))


def next_due(plane: str = CARRIER) -> datetime | None:
    """Return when the next action of a plane is due, None where none waits."""
    waiting = Action.objects.filter(state="waiting", plane=plane).order_by("due_at")
    return waiting.values_list("due_at", flat=True).first()


def settle(action: Action, state: str, now: datetime) -> bool:
    """Store what became of a claimed action. Returns False where the claim had been taken away meanwhile."""
    part = settling(action, state, now)
    with sql.prepared() as cursor:
        cursor.execute(part.text, part.params)
        return bool(cursor.rowcount)


def settling(action: Action, state: str, now: datetime) -> Part:
    """Return what stores what became of a claimed action, to be sent with other statements.

    One of which nobody knows keeps the end of its claim: until then it may have been asked.
    """
    until = action.lease_until if state == "unknown" else None
    return Part("UPDATE voice_action SET state = %s, lease_until = %s, done_at = %s "
                "WHERE id = %s AND state = 'claimed' AND lease_until = %s",
                rows.given(state, until, now, action.pk, action.lease_until))


def again(action: Action, now: datetime, *, after_s: float | None = None) -> bool:
    """Let a claimed action be asked again later. Returns False where it has been tried often enough."""
    often = action.tries >= TRIES_MOST
    if often and after_s is None and action.made_at <= now - TRIED_FOR.get(action.kind, timedelta()):
        return False
    usual = PAUSE_ON_S if often else min(0.5 * 2**action.tries, LONGEST_PAUSE_S)
    pause = usual if after_s is None else after_s
    mine = Action.objects.filter(pk=action.pk, state="claimed", lease_until=action.lease_until)
    mine.update(state="waiting", lease_until=None, due_at=now + timedelta(seconds=pause))
    return True


def find_lost(now: datetime) -> int:
    """Deal with claims whose loop died: a dial becomes unknown, all else waits again. Returns how many there were."""
    lost = list(Action.objects.filter(state="claimed", lease_until__lt=now).select_related("attempt")[:100])
    for action in lost:
        if action.kind in ONCE:
            make_unknown(action, now)
        else:
            again(action, now, after_s=0.0)
    return len(lost)


def make_unknown(action: Action, now: datetime) -> None:
    """Nobody knows whether this dial arrived: its call waits for what the carrier says of it, and no longer."""
    if action.kind == "proof":
        if settle(action, "unknown", now):
            from voice import proofs

            proofs.failed(action.args["proof"], "uncertain")
        return
    assert action.attempt is not None and action.call_id is not None
    with holding(action.call_id, now) as held:
        if settle(action, "unknown", now):
            held.feed(DialUnknown(Side(action.attempt.side), action.attempt.n))


def forget(now: datetime) -> int:
    """Remove what was settled some days ago, and what carriers said long ago; return how many rows.

    The record keeps what matters, and a word of a carrier that is repeated later meets a call that has ended.
    """
    settled = Action.objects.filter(done_at__lt=now - KEPT, state__in=["done", "failed", "cancelled", "unknown"])
    said = HeardEvent.objects.filter(heard_at__lt=now - SAID_KEPT)
    played = LoopbackLeg.objects.filter(dialed_at__lt=now - KEPT, state="ended")
    return sum(rows.delete()[0] for rows in (settled, said, played))
