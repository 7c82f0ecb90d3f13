"""SIP keeps the contract of carriers as far as it is one: what a media worker alone does is tested with the worker.

A trunk for each far end, a real sipp that takes any number of calls; dialling goes to the trunk of the number.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, closing
from functools import partial
from typing import Any, Final

import pytest

from tests.peers.sipp import Sipp, replies
from tests.voice.carriers.contract import CarrierContract, Far
from tests.voice.media_line import FakePlane
from tests.voice.sip_line import ANSWERS, RINGS_ON
from voice.call_events import PromptKind
from voice.carriers.base import CarrierEvent, DialOrder
from voice.carriers.sip import Sip
from voice.carriers.sip_calls import SipCalls
from voice.carriers.sip_transport import Place
from voice.media.shapes import Key, Told
from voice.sip.events import Trunk

FARS: Final[dict[Far, str]] = {
    "answers": ANSWERS, "busy": replies("486 Busy Here"), "unreachable": replies("404 Not Found"), "rings": RINGS_ON,
}  # fmt: skip
ORDER: Final[list[Far]] = list(FARS)


class Pressing(FakePlane):
    """A plane on which 1 is pressed wherever it is asked for."""

    async def prompt(self, leg: str, what: PromptKind, language: str) -> None:
        """Press 1."""
        self.tell(Key(leg, "1"))


class Beside(Sip):
    """The carrier as a media worker has it: its legs are in an event loop of its own."""

    def __init__(self, ports: dict[Far, int]) -> None:
        self.said: list[CarrierEvent] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._calls = self._run(self._open(ports))
        self._far_of: dict[str, SipCalls] = {}

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(15)

    async def _open(self, ports: dict[Far, int]) -> dict[Far, SipCalls]:
        made = {
            far: SipCalls(
                Pressing(partial(self._told, far)),
                [(Trunk(far, "trunk.example"), Place("127.0.0.1", port, tls=False))],
                lambda event, stats: self.said.append(event), address="127.0.0.1", ports=range(20000, 40000),
            ) for far, port in ports.items()
        }  # fmt: skip
        for calls in made.values():
            assert await calls.open() == 1
        return made

    def _told(self, far: Far, told: Told) -> None:
        assert isinstance(told, Key)
        self._calls[far].pressed(told)

    def dial(self, order: DialOrder) -> str:
        calls = self._far_of[order.reference] = self._calls[ORDER[int(order.to[-1])]]
        return str(self._run(calls.dial(order)))

    def hangup(self, carrier_id: str) -> None:
        self._loop.call_soon_threadsafe(self._far_of[carrier_id].hang_up, carrier_id)

    def close(self) -> None:
        for calls in self._calls.values():
            self._run(calls.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class SipBench:
    """Real calls; a trunk says no more than its scenario."""

    def __init__(self, carrier: Beside) -> None:
        self.carrier = carrier

    def number(self, far: Far) -> str:
        return f"+1617555010{ORDER.index('rings' if far == 'no_answer' else far)}"

    def shown(self) -> str:
        return "+16175550199"

    def events(self, reference: str) -> list[CarrierEvent]:
        return [event for event in self.carrier.said if event.reference == reference]

    def wait_for(self, reference: str, kind: str) -> CarrierEvent:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            for event in self.events(reference):
                if event.kind == kind:
                    return event
            time.sleep(0.005)
        raise AssertionError(f"{reference} was not {kind}")

    def settle(self, seconds: float) -> None:
        time.sleep(seconds / 25)  # what would be asked for is asked for at once

    def hear_each_other(self, one: str, other: str) -> bool:
        raise AssertionError("legs are bridged by a media worker")


@pytest.fixture(scope="module")
def trunks() -> Iterator[dict[Far, int]]:
    with ExitStack() as stack:
        yield {far: stack.enter_context(closing(Sipp(text, tcp=True))).port for far, text in FARS.items()}


class TestSip(CarrierContract):
    """The legs to patients, and to clinicians as far as one who answers presses a key."""

    @pytest.fixture
    def bench(self, db: None, trunks: dict[Far, int]) -> Iterator[SipBench]:
        carrier = Beside(trunks)
        yield SipBench(carrier)
        carrier.close()

    def order(self, bench: Any, side: str, far: Far = "answers", timeout_s: int = 30, reference: str = "") -> DialOrder:
        """As the contract's, but what shall ring for six seconds does so for one."""
        return super().order(bench, side, far, 1 if timeout_s == 6 else timeout_s, reference)



# What the worker that holds the legs does beside them is tested with it, and so is what a trunk refuses, which it does
# by its answer, after the dial: tests/voice/test_calls_over_sip.py,
# and keys, prompts and bridges of telephones alone in tests/voice/test_callbacks_over_sip.py.
for elsewhere in (
    "test_two_legs_hear_each_other_once_they_are_bridged",
    "test_who_is_told_that_nobody_was_reached_is_hung_up_and_one_moment_hangs_nobody_up",
    "test_a_leg_is_found_by_its_id_and_by_its_order",
    "test_what_a_carrier_refuses_is_refused_for_good_and_names_no_number",
):
    assert hasattr(CarrierContract, elsewhere)
    setattr(TestSip, elsewhere, None)
