"""Calls over SIP trunks beside one worker's media plane: orders in, what a carrier says out, and a far end to hear.

The half of the SIP carrier that lives in an event loop; knows no Django and no database. A leg's id is its reference,
and its ``Call-ID`` at the trunk: one random name by which records and a trunk's own list can be held against each
other. A telephone that has to press a key first is asked for it here, and one that is told a code hears it here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from itertools import count
from typing import Any, Final, Protocol

from voice.call_events import Cause, PromptKind
from voice.carriers.base import About, CarrierError, CarrierEvent, DialOrder, Kind
from voice.carriers.sip_transport import Place, SipTransport
from voice.media.g711 import STATIC, Codec
from voice.media.shapes import Key, MediaError, Rtp, Sound, Stats
from voice.media.speech import DIGITS, Digit, Said
from voice.sip import sdp
from voice.sip.agent import Agent
from voice.sip.events import Answered, Changed, Early, Ended, Event, Order, Ringing, Timing, Trunk
from voice.sip.trunks import Trunks

SAYS: Final[dict[type[Event], Kind]] = {Ringing: "ringing", Answered: "answered", Ended: "ended"}
"""What of a call is told to the machine; where its sound goes is only asked for."""


class Ports(Protocol):
    """Where sound over plain RTP arrives, as ``voice/media/plane.py`` opens it."""

    async def listen(self, far: str, address: str, ports: range) -> tuple[str, int]:
        """Open a port and return where it is. Raises MediaError."""
        ...

    async def release(self, far: str) -> Stats:
        """Close it and return how it sounded. Raises MediaError."""
        ...

    async def connect(self, far: Rtp) -> None:
        """Take a far end for a leg of its own. Raises MediaError."""
        ...

    async def prompt(self, leg: str, what: PromptKind, language: str) -> None:
        """Say something on a leg. Raises MediaError."""
        ...

    async def speak(self, leg: str, says: Sequence[Said | Digit], language: str, keys: str = "") -> None:
        """Press keys, then say sentences three times, to the end. Raises MediaError."""
        ...


Tell = Callable[[CarrierEvent, Stats | None], None]
Sounds = Callable[[str], None]
ABOUT: Final[dict[About, Said]] = {"clinic": "code_clinic", "phone": "code_phone"}
CLOSE_S: Final = 2.0
"""How long the trunks may take to end the calls of a worker that ends."""


class SipCalls:
    """The calls of one worker over its trunks, the first preferred. Made and used in the event loop.

    `tell` hears what a carrier says of a leg, and how it sounded once it has ended; `sounds` hears the id of a leg
    that others are bridged to and whose `far_of` is there or another one now, which may be before its answer. Neither
    may raise. `public` is the address that stands in descriptions, where it is not the one that is listened on.
    """

    def __init__(
        self, plane: Ports, trunks: Sequence[tuple[Trunk, Place]], tell: Tell, *, address: str, ports: range,
        public: str = "", timing: Timing | None = None, sounds: Sounds = lambda carrier_id: None,
    ) -> None:  # fmt: skip
        self._plane, self._tell, self._sounds = plane, tell, sounds
        self._address, self._ports, self._public = address, ports, public
        self._loop = asyncio.get_running_loop()
        self._languages: dict[str, str] = {}
        self._asking: dict[str, DialOrder] = {}
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._keys = count(1)
        self._fars: dict[str, sdp.Sound] = {}
        self._longest: dict[str, asyncio.TimerHandle] = {}
        self._eased = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines = [
            SipTransport(Agent(trunk, timing or Timing()), place, partial(self._heard, number))
            for number, (trunk, place) in enumerate(trunks)
        ]
        self._trunks = Trunks(self._lines, self._said)

    @property
    def trunks(self) -> tuple[int, int]:
        """How many trunks there are, and how many of them are connected. May be read in any thread."""
        return len(self._lines), sum(line.up for line in self._lines)

    async def open(self) -> int:
        """Begin to keep the trunks connected; return how many are by now."""
        return sum(await asyncio.gather(*(line.open() for line in self._lines)))

    async def close(self) -> None:
        """End every call, and let the trunks go."""
        for name in tuple(self._languages):
            self.hang_up(name)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                while self._languages:
                    self._eased.clear()
                    await self._eased.wait()
        for line in self._lines:
            await line.close()
        for name in tuple(self._languages):
            self._end(name, None)
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def dial(self, order: DialOrder) -> str:
        """Have a telephone rung, and return the id of the leg. Raises CarrierError."""
        if order.say and order.about is None:
            raise CarrierError("only what is recorded is said over SIP", permanent=True, cause=Cause.REFUSED)
        name = order.reference
        if name in self._languages:
            return name
        if not any(line.up for line in self._lines):
            raise CarrierError("no trunk can be reached", permanent=False, cause=Cause.FAILED)
        try:
            host, port = await self._plane.listen(name, self._address, self._ports)
        except MediaError:
            raise CarrierError("no port is free", permanent=False, cause=Cause.FAILED) from None
        self._languages[name] = order.language
        if order.confirm or order.say:
            self._asking[name] = order
        self._longest[name] = self._loop.call_later(order.max_s, self.hang_up, name)
        ours = sdp.Sound(self._public or host, port)
        self._trunks.dial(name, Order(order.to, order.shown, ours, order.timeout_s, name), self._loop.time())
        return name

    def hang_up(self, carrier_id: str) -> None:
        """End a leg, however far it has come; one that has ended is no error."""
        self._trunks.hang_up(carrier_id)

    async def prompt(self, carrier_id: str, what: PromptKind, language: str) -> None:
        """Have something said on a leg, ``unavailable`` to its end. Raises MediaError."""
        await self._plane.prompt(carrier_id, what, language)

    def pressed(self, key: Key) -> None:
        """Tell of a key; the plane says which were pressed on a leg that was asked for one."""
        if key.leg in self._asking:
            told = f"{key.leg}:key:{next(self._keys)}"
            self._tell(CarrierEvent(key.leg, key.leg, told, "key", datetime.now(UTC), digits=key.digits), None)

    def far_of(self, carrier_id: str) -> Rtp | None:
        """Return what a leg can be bridged to, once it has said where it listens; early sound counts."""
        sound = self._fars.get(carrier_id)
        if sound is None:
            return None
        codec = Codec(sound.codecs[0])
        agreed = Sound(codec, STATIC[codec], sound.dtmf)
        return Rtp(carrier_id, sound.address, sound.port, agreed, self._languages[carrier_id])

    def _heard(self, trunk: int, event: Event) -> None:
        self._trunks.heard(trunk, event, self._loop.time())

    def _said(self, name: str, event: Event) -> None:
        """Tell what is news of a call."""
        if isinstance(event, Early | Answered | Changed):
            self._described(name, event.far)
        kind = SAYS.get(type(event))
        if kind is None:
            return
        said = CarrierEvent(name, name, f"{name}:{kind}", kind, datetime.now(UTC))
        if not isinstance(event, Ended):
            self._tell(said, None)
            if isinstance(event, Answered) and (order := self._asking.get(name)) and (far := self.far_of(name)):
                self._asked[name] = self._later(self._ask(order, far))
            return
        code = str(event.status) if event.status else ""
        self._end(name, CarrierEvent(name, name, said.key, kind, said.at, event.cause, code))

    def _described(self, name: str, far: sdp.Sound) -> None:
        """Take where a far end listens. One that holds the line by the old way (0.0.0.0) is not sent elsewhere."""
        if ip_address(far.address).is_unspecified or self._fars.get(name) == far:
            return
        self._fars[name] = far
        if name not in self._asking:
            self._sounds(name)
        elif name in self._asked and (moved := self.far_of(name)):
            self._later(self._move(moved))

    async def _move(self, far: Rtp) -> None:
        """A telephone of its own leg is heard elsewhere now."""
        with suppress(MediaError):
            await self._plane.connect(far)

    async def _ask(self, order: DialOrder, far: Rtp) -> None:
        """A telephone that is asked for a key, or told a code, has answered."""
        name = order.reference
        with suppress(MediaError):  # it has hung up meanwhile
            await self._plane.connect(far)
            if order.confirm:
                await self._plane.prompt(name, "press_one", order.language)
            elif order.about is not None:
                says: list[Said | Digit] = [ABOUT[order.about], *(DIGITS[int(digit)] for digit in order.code)]
                await self._plane.speak(name, says, order.language, order.digits)
                self.hang_up(name)

    def _end(self, name: str, said: CarrierEvent | None) -> None:
        """Close a leg's port, and then tell that it has ended and how it sounded."""
        self._languages.pop(name, None)
        self._fars.pop(name, None)
        self._asking.pop(name, None)
        if (asked := self._asked.pop(name, None)) is not None:
            asked.cancel()
        self._longest.pop(name).cancel()
        self._eased.set()

        async def end() -> None:
            try:
                stats = await self._plane.release(name)
            except MediaError:
                stats = None
            if said is not None:
                self._tell(said, stats)

        self._later(end())

    def _later(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
