"""The loopback carrier: no network, nobody rings. It plays a script by the last two digits of the number.

Its legs are rows, so that they outlive the process as a real carrier's do; `play` is called by the call loop and hands
over what has happened by now. It keeps no number: only which script was chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from realtime import rows, sql
from voice.call_events import Cause, PromptKind
from voice.carriers.base import CarrierError, CarrierEvent, DialOrder, NoWebhooks
from voice.carriers.lists import Listed
from voice.models import LoopbackLeg

Step = tuple[float, str, str]
"""Seconds after the step before, what is said, and the cause of an end or the keys that are pressed."""

ANSWERS: Final[list[Step]] = [(0.6, "ringing", ""), (2.5, "answered", ""), (2.0, "key", "1")]
SCRIPTS: Final[dict[str, list[Step]]] = {
    "answers": ANSWERS,
    "voicemail": [(0.6, "ringing", ""), (6.0, "answered", "")],
    "no_answer": [(0.6, "ringing", "")],
    "busy": [(0.8, "ended", "busy")],
    "declined": [(0.6, "ringing", ""), (3.0, "ended", "declined")],
    "unreachable": [(1.2, "ended", "unreachable")],
    "refused": [],
    "silent": [],
    "untidy": [(0.15, "ringing", ""), (0.0, "ringing", ""), (2.0, "answered", ""), (0.0, "dialing", ""),
               (0.0, "answered", ""), (0.2, "ringing", ""), (1.5, "key", "1"), (0.0, "key", "1")],
    "loses_end": ANSWERS,
    "no_key": [(0.6, "ringing", ""), (2.5, "answered", "")],
    "wrong_key": [(0.6, "ringing", ""), (2.5, "answered", ""), (1.5, "key", "5"),
                  (2.0, "key", "1")],
    "slow": [(6.0, "ringing", ""), (9.0, "answered", ""), (6.0, "key", "1")],
    "down": ANSWERS,
    "hangs_up": ANSWERS,
}  # fmt: skip
BY_LAST_DIGITS: Final = {
    "61": "voicemail", "62": "no_answer", "63": "busy", "64": "declined", "65": "unreachable", "66": "refused",
    "67": "silent", "68": "untidy", "69": "loses_end", "70": "no_key", "71": "wrong_key", "72": "slow", "73": "down",
    "74": "hangs_up",
}  # fmt: skip
"""All other numbers answer, and press 1 where that is asked for."""
HANGS_UP_AFTER_S: Final = 4.0
CODES: Final = {"busy": "486", "declined": "603", "no_answer": "487", "unreachable": "404"}
"""What stands in the record as the provider's code: the SIP status that a real trunk gives (RFC 3261, section 21)."""

DUE: Final = (
    f"SELECT {rows.columns(LoopbackLeg, 'l')} FROM voice_loopbackleg l WHERE next_at <= %s "
    "ORDER BY next_at LIMIT 200"
)
PLAYED: Final = (
    "UPDATE voice_loopbackleg SET state = %s, cause = %s, said = %s, next_at = %s, ends_at = %s, "
    "answered_at = %s WHERE id = %s AND said = %s AND next_at = %s"
)
ENDING: Final = (
    "UPDATE voice_loopbackleg SET ends_at = %s, next_at = %s, cause = %s WHERE id = %s AND state <> 'ended'"
)


class Loopback(NoWebhooks):
    """The carrier of the demo and of the tests."""

    name = "loopback"

    def dial(self, order: DialOrder) -> str:
        """Begin the script of this number."""
        script = BY_LAST_DIGITS.get(order.to[-2:], "answers")
        if script == "refused":
            raise CarrierError("the number was refused", permanent=True, cause=Cause.REFUSED, provider_code="403")
        if script == "down":
            raise CarrierError("the carrier is down", permanent=False, cause=Cause.FAILED, provider_code="503")
        now = timezone.now()
        steps = [step for step in SCRIPTS[script] if step[1] != "key" or order.confirm]
        ends_at = now + timedelta(seconds=order.timeout_s)  # how long it may ring hangs on no pace
        leg = LoopbackLeg(
            reference=order.reference, script=script, room=order.room, steps=steps, dialed_at=now, ends_at=ends_at,
            max_s=order.max_s, next_at=now + self._in(steps[0][0]) if steps else None,
        )  # fmt: skip
        rows.send([rows.insert(leg)])
        return str(leg.pk)

    def answer(self, carrier_id: str) -> None:
        """Nobody calls in here."""
        raise CarrierError("nobody calls in", permanent=True, cause=Cause.FAILED)

    def prompt(self, carrier_id: str, what: PromptKind, language: str) -> None:
        """Nothing is heard; after ``unavailable`` the leg ends."""
        if what == "unavailable":
            self._end(carrier_id, 1.5)

    def bridge(self, clinician_id: str, patient_id: str, room: str) -> None:
        """The two would hear each other now."""
        LoopbackLeg.objects.filter(pk__in=[clinician_id, patient_id]).update(bridged=True, room=room)
        if LoopbackLeg.objects.filter(pk=patient_id, script="hangs_up").exists():
            self._end(patient_id, HANGS_UP_AFTER_S)

    def hangup(self, carrier_id: str) -> None:
        """End a leg a moment later, as a network does."""
        self._end(carrier_id, 0.1)

    def fetch(
        self, reference: str, carrier_id: str | None, *, order: DialOrder | None = None,
        asked: tuple[datetime, datetime] | None = None, known: Collection[str] = (),
    ) -> list[CarrierEvent]:
        """Return where the leg of our reference stands."""
        leg = LoopbackLeg.objects.filter(reference=reference).first()
        if leg is None:
            return []
        return [self._event(leg, leg.state, "", fetched=True)]

    def listed(self, since: datetime, until: datetime) -> Iterator[Listed]:
        """Yield the legs of a span; those that ended are kept for two days."""
        for leg in LoopbackLeg.objects.filter(dialed_at__gte=since, dialed_at__lt=until).iterator():
            lasted = 0.0 if leg.answered_at is None else (leg.ends_at - leg.answered_at).total_seconds()
            yield Listed(leg.pk, round(lasted) if leg.state == "ended" else None, began_at=leg.dialed_at)

    def play(self, now: datetime) -> list[CarrierEvent]:
        """Return what has happened by now, each once; what is lost between here and its taking is lost."""
        said: list[CarrierEvent] = []
        with sql.prepared() as cursor:
            cursor.execute(DUE, rows.given(now))
            due = [rows.read(LoopbackLeg, row) for row in cursor.fetchall()]
            for leg in due:
                assert leg is not None
                before = (leg.pk, leg.said, leg.next_at)
                event = self._play(leg, now)
                now_is = leg.state, leg.cause, leg.said, leg.next_at, leg.ends_at, leg.answered_at
                cursor.execute(PLAYED, rows.given(*now_is, *before))
                if cursor.rowcount and event is not None:
                    said.append(event)
        return said

    def next_at(self) -> datetime | None:
        """Return when the next thing happens."""
        rows = LoopbackLeg.objects.filter(next_at__isnull=False).order_by("next_at")
        return rows.values_list("next_at", flat=True).first()

    def _play(self, leg: LoopbackLeg, now: datetime) -> CarrierEvent | None:
        """Take one step of the script, or the end that is due before it."""
        if leg.ends_at <= now or leg.said >= len(leg.steps):
            leg.cause = leg.cause or (Cause.COMPLETED if leg.state == "answered" else Cause.NO_ANSWER)
            leg.state, leg.next_at, leg.said = "ended", None, leg.said + 1
            return None if leg.script == "loses_end" else self._event(leg, "ended", "")
        _, what, arg = leg.steps[leg.said]
        leg.said += 1
        if what == "key":
            event = self._event(leg, "key", arg)
        else:
            leg.state, leg.cause = what, arg
            event = self._event(leg, what, "")
        if what == "answered":
            leg.answered_at, leg.ends_at = now, now + timedelta(seconds=leg.max_s)
        follows = now + self._in(leg.steps[leg.said][0]) if leg.said < len(leg.steps) else leg.ends_at
        leg.next_at = None if what == "ended" else min(follows, leg.ends_at)
        return event

    def _end(self, carrier_id: str, after_s: float) -> None:
        ends_at = timezone.now() + self._in(after_s)
        with sql.prepared() as cursor:
            cursor.execute(ENDING, rows.given(ends_at, ends_at, Cause.COMPLETED, carrier_id))

    def _event(self, leg: LoopbackLeg, kind: Any, digits: str, *, fetched: bool = False) -> CarrierEvent:
        """An event; a state that is told twice has one key, as the same thing is said."""
        key = f"{leg.pk}:{'fetch:' if fetched else ''}{kind}{leg.said if kind == 'key' else ''}"
        ended = kind == "ended"
        return CarrierEvent(
            reference=leg.reference, carrier_id=leg.pk, key=key, kind=kind, at=timezone.now(), digits=digits,
            cause=Cause(leg.cause or "completed") if ended else None,
            provider_code=CODES.get(leg.cause, "200") if ended else "",
        )  # fmt: skip

    def _in(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds / self._pace())

    def _pace(self) -> float:
        return float(settings.CURBSIDE_LOOPBACK_PACE)
