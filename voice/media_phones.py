"""The telephones of a media worker: the legs that its trunks carry, from the dial to the end that a trunk tells.

Whatever concerns one leg is done in turn, apart from what is done for its call: a browser that is being told something
keeps no telephone ringing. What a trunk has told is stored, however long the database is away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from django.db import Error
from django.utils import timezone

from voice import dialling, proving
from voice import media_steps as steps
from voice.call_events import Cause, PromptKind, Side
from voice.carriers.base import CarrierError, CarrierEvent, DialOrder
from voice.media.shapes import Key, MediaError, Rtp, Stats
from voice.models import Action
from voice.spoken import language_asked

log = logging.getLogger(__name__)
STORED_AGAIN_S: Final = 2.0
STORED_TRIES: Final = 100


class Lines(Protocol):
    """What carries the telephones: ``voice/carriers/sip_calls.py``, or a stand-in of the tests."""

    @property
    def trunks(self) -> tuple[int, int]:
        """How many trunks there are, and how many are connected."""
        ...

    async def open(self) -> int:
        """Begin to keep them connected."""
        ...

    async def dial(self, order: DialOrder) -> str:
        """Have a telephone rung, and return the id of the leg. Raises CarrierError."""
        ...

    def hang_up(self, carrier_id: str) -> None:
        """End a leg."""
        ...

    async def prompt(self, carrier_id: str, what: PromptKind, language: str) -> None:
        """Say something on a leg. Raises MediaError."""
        ...

    def pressed(self, key: Key) -> None:
        """Tell of a key that was pressed on a leg."""
        ...

    def far_of(self, carrier_id: str) -> Rtp | None:
        """Return what a leg can be bridged to, None while it cannot."""
        ...

    async def close(self) -> None:
        """End every leg, tell so, and let the trunks go."""
        ...


class NoLines:
    """A worker without a trunk: it rings nobody."""

    trunks = (0, 0)

    async def open(self) -> int:
        """There is none."""
        return 0

    async def dial(self, order: DialOrder) -> str:
        """Refuse."""
        raise CarrierError("this media worker has no trunk", permanent=True, cause=Cause.FAILED)

    def hang_up(self, carrier_id: str) -> None:
        """There is nothing to end."""

    async def prompt(self, carrier_id: str, what: PromptKind, language: str) -> None:
        """Nobody would hear it."""
        raise MediaError("unknown_leg")

    def pressed(self, key: Key) -> None:
        """Nobody presses any."""

    def far_of(self, carrier_id: str) -> Rtp | None:
        """Nobody can be heard."""
        return None

    async def close(self) -> None:
        """There is nothing to let go."""


@dataclass(slots=True)
class _Phone:
    """Whose leg it is: the call's stream, the side and the number of the attempt; `confirmed` once 1 was pressed.

    A call that speaks a code has neither side nor attempt, and its own name for a stream.
    """

    r: str
    side: Side | None = None
    n: int = 0
    confirmed: bool = False


Turn = Callable[[str, Callable[[], Awaitable[Any]]], None]
InThread = Callable[[Callable[[], Any]], Awaitable[Any]]


class Phones:
    """The telephone legs of one worker; made and used in its event loop.

    `turn` does something after all that was asked for the same name before, `in_thread` works on the database, `heard`
    is called in the turn of a call when a telephone of it can be heard, or elsewhere now.
    """

    def __init__(self, turn: Turn, in_thread: InThread, heard: Callable[[str, Rtp], Awaitable[None]]) -> None:
        self._turn, self._in_thread, self._heard = turn, in_thread, heard
        self.lines: Lines = NoLines()
        self._legs: dict[str, _Phone] = {}
        self._lost = 0  # how often all that was here was lost, by which a dial sees that it was meanwhile
        self._opening: asyncio.Task[int] | None = None

    def open(self, lines: Lines) -> None:
        """Begin to keep the trunks connected; nothing waits for that."""
        self.lines = lines
        self._opening = asyncio.get_running_loop().create_task(lines.open())

    async def close(self) -> None:
        """End every leg; what was told of that is in turn to be stored."""
        if self._opening is not None:
            self._opening.cancel()
        await self.lines.close()

    @property
    def calls(self) -> set[str]:
        """The calls that have a telephone here. May be asked in any thread."""
        return {phone.r for phone in self._legs.copy().values()}

    def clinicians(self) -> list[tuple[str, int]]:
        """Return the calls that have a clinician's telephone here, and which attempt of theirs it is."""
        return [(phone.r, phone.n) for phone in self._legs.values() if phone.side == Side.CLINICIAN]

    def confirmed(self, r: str) -> str | None:
        """Return the clinician's telephone of a call on which 1 was pressed, None where there is none."""
        return next((name for name, phone in self._legs.items() if phone.r == r and phone.confirmed), None)

    def lives(self, reference: str) -> bool:
        """Whether a leg is here and its end was not told."""
        return reference in self._legs

    def give_up(self, reference: str) -> None:
        """What carried the sound of a clinician's telephone is no more: its call ends in these words, and then it."""
        phone = self._legs.get(reference)
        if phone is not None and phone.side == Side.CLINICIAN:
            self._turn(reference, partial(self._in_thread, partial(steps.lose_leg, phone.r, phone.n, None)))
            self.lines.hang_up(reference)

    def hang_up_all(self) -> None:
        """Their calls were ended by others, with a reason of their own: what trunks tell of these is no news."""
        self._lost += 1
        legs, self._legs = self._legs, {}
        for reference in legs:
            self.lines.hang_up(reference)

    # --- what is asked ----------------------------------------------------------------------------------------------

    def take(self, action: Action) -> None:
        """Have something done for a leg, in its turn."""
        whose = action.key if action.attempt is None else action.attempt.reference
        self._turn(whose, partial(_DOING[action.kind], self, action))

    async def _dial(self, action: Action) -> None:
        assert action.attempt is not None
        asked_at, lost = timezone.now(), self._lost
        order = await self._in_thread(partial(dialling.prepare, action))
        phone = _Phone(str(action.call_id), Side(action.attempt.side), action.attempt.n)
        try:
            carrier_id = await self._ring(order, phone, lost)
        except CarrierError as error:
            await self._in_thread(partial(dialling.refused, action, error))
            return
        if carrier_id is not None:
            await self._in_thread(partial(dialling.taken, action, carrier_id, asked_at))

    async def _prove(self, action: Action) -> None:
        """Dial a call that speaks a code to whoever answers, and belongs to no other."""
        lost = self._lost
        order = await self._in_thread(partial(proving.prepare, action))
        try:
            carrier_id = await self._ring(order, None, lost)
        except CarrierError as error:
            await self._in_thread(partial(proving.refused, action, error))
            return
        if carrier_id is not None:
            await self._in_thread(partial(proving.taken, action, carrier_id))

    async def _ring(self, order: DialOrder | None, phone: _Phone | None, lost: int) -> str | None:
        """Dial an order for a phone of a call, or for a code; return the id of the leg, None where nobody is rung.

        A call that was lost since then (`lost`) has been ended by others, and rings nobody any more. Raises
        CarrierError.
        """
        if order is None or lost != self._lost:
            return None
        reference = order.reference
        self._legs[reference] = phone or _Phone(reference)
        try:
            carrier_id = await self.lines.dial(order)
        except CarrierError:
            self._legs.pop(reference, None)
            raise
        if lost != self._lost:
            self.lines.hang_up(carrier_id)
            return None
        return carrier_id

    async def _hang_up(self, action: Action) -> None:
        """End a leg. That it has ended is told by its trunk; one that is not here has ended."""
        assert action.attempt is not None
        reference = action.attempt.reference
        if not self.lives(reference):
            await self._in_thread(partial(steps.end_leg, action, None))
            return
        if "prompt" in action.args:
            await self._say(action, action.args["prompt"])
        self.lines.hang_up(reference)
        await self._in_thread(partial(steps.settle, action, "done"))

    async def _prompt(self, action: Action) -> None:
        said = await self._say(action, action.args["what"])
        await self._in_thread(partial(steps.settle, action, "done" if said else "failed"))

    async def _say(self, action: Action, what: PromptKind) -> bool:
        """Say something, and return whether there was somebody to hear it."""
        assert action.attempt is not None
        language = await self._in_thread(partial(language_asked, action))
        try:
            await self.lines.prompt(action.attempt.reference, what, language)
        except MediaError:
            return False
        return True

    # --- what trunks tell --------------------------------------------------------------------------------------------

    def told(self, event: CarrierEvent, stats: Stats | None) -> None:
        """A trunk says what becomes of a leg, and how it sounded once it has ended."""
        phone = self._legs.get(event.reference)
        if phone is None:
            return
        phone.confirmed |= event.digits.startswith("1")
        if event.kind == "ended":
            del self._legs[event.reference]
        self._turn(event.reference, partial(self.store, partial(steps.take_told, event, stats)))

    def sounds(self, reference: str) -> None:
        """A telephone can be heard, or elsewhere now."""
        far, phone = self.lines.far_of(reference), self._legs.get(reference)
        if far is not None and phone is not None:
            self._turn(phone.r, partial(self._heard, phone.r, far))

    async def store(self, work: Callable[[], Any]) -> None:
        """Store what is told once, however long the database is away."""
        for _ in range(STORED_TRIES):
            try:
                await self._in_thread(work)
                return
            except Error:
                log.warning("what a trunk has told could not be stored and is tried again")
                await asyncio.sleep(STORED_AGAIN_S)


_DOING: Final[dict[str, Callable[[Phones, Action], Awaitable[None]]]] = {
    "dial": Phones._dial,
    "hangup": Phones._hang_up,
    "prompt": Phones._prompt,
    "proof": Phones._prove,
}
