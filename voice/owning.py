"""Which media worker lives, and which call is whose: one owner a call, by compare-and-set, and none after a death.

The sound of a call lives in one process and cannot be taken over. So what is to be done for a call is claimed by its
owner alone, and the calls of a worker whose heart stopped are ended here, with the reason in their records; one that
goes on by phone by then is kept.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import Error, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from voice import outbox, proofs
from voice.call import Cause, Leg, LegChanged, Side, Way
from voice.holding import alone, holding
from voice.models import Action, Call, MediaSignal, MediaWorker, StreamToken
from voice.planes import HEARD, MEDIA, SIP, STREAMED, plane_of
from voice.reasons import SOUND_STOPPED
from voice.refusals import refuse

log = logging.getLogger(__name__)
BEAT_S: Final = 3.0
DEAD: Final = timedelta(seconds=10)
"""After how long without a beat a worker is given no call, and counts as dead where a call loop looked on."""
LATE: Final = timedelta(seconds=4)
"""After how long without a beat it is looked at whether one comes, and for how long at least."""
BLIND: Final = timedelta(seconds=6)
"""How far apart two looks may be between which a beat would have been seen."""
WAITED_FOR: Final = timedelta(seconds=60)
"""For how long something waits for a worker to take it."""


def is_carried(now: datetime) -> bool:
    """Return whether a worker lives that would take one more call, and has what the configured carrier needs for it."""
    room = Q(draining=False, calls__lt=settings.CURBSIDE_MEDIA_CALLS)
    if settings.CURBSIDE_CARRIER in STREAMED:
        room &= ~Q(stream_url="")
    if settings.CURBSIDE_CARRIER == SIP:
        room &= Q(trunks_up__gt=0)
    return MediaWorker.objects.filter(room, beat_at__gt=now - DEAD).exists()


def is_open(now: datetime) -> bool:
    """Return whether a call may go over a browser: somebody would carry it, to a carrier that has sound."""
    return settings.CURBSIDE_CARRIER in HEARD and is_carried(now)


def check_way(way: Way, now: datetime) -> None:
    """Raise Refusal `call.no_media` or `call.no_callback` where nobody would carry a call that goes this way."""
    if way is Way.WEBRTC and not is_open(now):
        raise refuse("call.no_media")
    if way is Way.CALLBACK and not rings_phones(now):
        raise refuse("call.no_callback")


def rings_phones(now: datetime) -> bool:
    """Return whether clinicians' own phones can be rung: where workers do so, one that would has to live."""
    return plane_of(settings.CURBSIDE_CARRIER) != MEDIA or is_carried(now)


def is_alive(worker: str, now: datetime) -> bool:
    """Return whether this worker lives, though it may take no more calls."""
    return MediaWorker.objects.filter(pk=worker, beat_at__gt=now - DEAD).exists()


def register(name: str, now: datetime, stream_url: str = "", *, trunks: int = 0, trunks_up: int = 0) -> str:
    """Add a worker that lives from now on, and return its id. `stream_url`: where a carrier brings sound to it."""
    row = MediaWorker(name=name[:64], began_at=now, beat_at=now, stream_url=stream_url, trunks=trunks,
                      trunks_up=trunks_up)  # fmt: skip
    with alone():
        row.save(force_insert=True)
    return str(row.pk)


def beat(worker: str, calls: int, now: datetime, *, draining: bool, trunks: int = 0, trunks_up: int = 0) -> bool:
    """Say that a worker lives. Returns False where it counted as dead meanwhile: its calls have been ended.

    `trunks` and `trunks_up`: how many it has, and how many of them it is connected to.
    """
    with alone():
        mine = MediaWorker.objects.filter(pk=worker)
        return bool(mine.update(beat_at=now, calls=calls, draining=draining, trunks=trunks, trunks_up=trunks_up))


def sign_off(worker: str, now: datetime) -> None:
    """A worker ends by itself: what calls it has left are ended, and nobody waits for it."""
    with alone():
        MediaWorker.objects.filter(pk=worker).delete()
    end_orphans(now)


def claim(worker: str, most: int, now: datetime, *, new: bool, streams: bool = False) -> list[Action]:
    """Claim what a worker is to do for its calls, and with `new` for calls that nobody owns, which become its own.

    With `new` also what is of no call, as what speaks a code. At most so many, the earliest first. Two workers never
    claim the same. `streams`: a carrier can bring sound to it; new calls that need that are left to others else.
    """
    whose = Q(call__worker=worker)
    if new:
        whose |= Q(call__worker=None) & (Q() if streams else ~Q(call__carrier__in=STREAMED))
    due = Action.objects.filter(whose, state="waiting", plane=MEDIA, due_at__lte=now).order_by("due_at", "pk")
    found = list(due.values_list("pk", "call", "call__worker")[:most])
    if not found:
        return []
    lease = {"state": "claimed", "lease_until": now + timedelta(seconds=settings.CURBSIDE_CALL_LEASE_S),
             "tries": F("tries") + 1}  # fmt: skip
    with alone(), transaction.atomic():
        free = {call for _, call, owner in found if owner is None and call is not None}
        ownerless = Call.objects.filter(worker=None, ended_at=None)  # what ended with its worker is nobody's
        others = {call for call in free if not ownerless.filter(pk=call).update(worker=worker)}
        ids = [pk for pk, call, _ in found if call not in others]
        ids = [pk for pk in ids if Action.objects.filter(pk=pk, state="waiting").update(**lease)]
    return outbox.claimed(ids)


class Beats:
    """What a call loop sees of the beats of media workers: who stopped while it looked on is dead.

    While a database is away nobody can beat, and while a machine sleeps. Who lives does so as soon as it can; so a loop
    that saw nothing for a while looks on for some seconds before it takes anybody for dead.
    """

    def __init__(self) -> None:
        self._late: dict[tuple[str, datetime], datetime] = {}
        self._looked_at: datetime | None = None

    def look(self, now: datetime) -> int:
        """Take away who is dead and end the calls that nobody owns any more; return how many these were."""
        if self._looked_at is None or not timedelta(0) <= now - self._looked_at <= BLIND:
            self._late.clear()
        self._looked_at = now
        found = MediaWorker.objects.filter(beat_at__lte=now - LATE).values_list("pk", "beat_at")
        self._late = {beat: self._late.get(beat, now) for beat in found}
        for (worker, beat_at), since in self._late.items():
            if beat_at <= now - DEAD and since <= now - LATE:
                with alone():
                    MediaWorker.objects.filter(pk=worker, beat_at=beat_at).delete()
        return end_orphans(now)


def end_orphans(now: datetime) -> int:
    """End the calls whose worker is there no more, and return how many they were."""
    alive = MediaWorker.objects.filter(pk=OuterRef("worker"))
    orphans = Call.objects.filter(~Exists(alive), ended_at=None, worker__isnull=False)
    ended = sum(_safely_bereave(r, now) for r in orphans.values_list("pk", flat=True))
    if ended:
        log.warning("calls lost their media worker", extra={"count": ended})
    return ended


def forget(now: datetime) -> int:
    """Remove signals and tokens that have expired, and call off what no worker took in time. Returns how many rows."""
    with alone():
        removed = sum(kind.objects.filter(expires_at__lte=now).delete()[0] for kind in (MediaSignal, StreamToken))
        late = Action.objects.filter(state="waiting", plane=MEDIA, due_at__lt=now - WAITED_FOR)
        for proof in late.filter(kind="proof").values_list("args__proof", flat=True):
            proofs.failed(proof, Cause.FAILED.value)
        return removed + _call_off(late, now)


def _safely_bereave(r: str, now: datetime) -> bool:
    """One call that cannot be ended now holds up no other."""
    try:
        return _bereave(r, now)
    except Error:
        raise
    except Exception:
        log.exception("a call without its media worker could not be ended")
        return False


def _bereave(r: str, now: datetime) -> bool:
    """Take the sound of a call, and its legs that lived in the worker, for lost. One that has a phone goes on."""
    with holding(r, now) as held:
        if held.row.worker is None:
            return False
        gone = [(Side(side), n) for (side, n), attempt in sorted(held.attempts.items())
                if plane_of(attempt.carrier) == MEDIA and attempt.ended_at is None]  # fmt: skip
        held.change(worker=None)
        held.feed_because(SOUND_STOPPED, [LegChanged(side, n, Leg.ENDED, Cause.LOST) for side, n in gone])
        _call_off(Action.objects.filter(call=r, plane=MEDIA, state__in=["waiting", "claimed"]), now)
    call_off_ends(r, now)
    return True


def call_off_ends(r: str, now: datetime) -> None:
    """Ask nobody to end the legs that lived in a worker which is gone: they ended with it."""
    with alone():
        _call_off(Action.objects.filter(call=r, plane=MEDIA, kind="hangup", state="waiting"), now)


def _call_off(actions: QuerySet[Action], now: datetime) -> int:
    return actions.update(state="cancelled", lease_until=None, done_at=now)
