"""One leg that comes over a telephone, as behind a trunk: it is spoken to, asked for a key, and bridged. Sans-IO.

Who is asked for a key is heard for keys until the answer follows (a prompt, a bridge), and not afterwards: what a
patient or a clinician types into some other service is nobody's business here. Only telephone-events are keys
(RFC 4733): a far end that has none cannot press any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from voice.media.announcing import announced
from voice.media.bridge import Frame
from voice.media.farend import FarEnd
from voice.media.hearing import Hearing, again_and_again
from voice.media.keys import Keys
from voice.media.shapes import FRAME_S, Far, Key, Stats, Told
from voice.media.speech import Digit, Said

AGAIN_S: Final = 2.0
KEYS_MOST: Final = 20
"""So many keys are told of one leg: each is work for others."""


class Wire(Protocol):
    """The telephone's end as its leg needs it."""

    def hear(self, frame: Frame, now: float) -> None:
        """Send a frame."""
        ...

    def stats(self) -> Stats:
        """How it sounds so far."""
        ...


class Telephone(Hearing):
    """One leg. `name` is that of its far end; `tell` is called at once and must not raise.

    `rings`: who waits on it hears how another telephone is rung; otherwise it is asked for patience again and again.
    """

    listens = True

    def __init__(self, name: str, wire: Wire, tell: Callable[[Told], None], *, rings: bool = True) -> None:
        super().__init__()
        self.name, self._wire, self._tell, self._rings = name, wire, tell, rings
        self._keys, self._told, self._asks = Keys(), 0, False
        self._script: Iterator[Frame] = iter(())

    def speak(self, says: Sequence[Said | Digit], language: str, keys: str, *, events: bool) -> float:
        """Press keys, then say sentences three times; return how long that takes (s). `events`: keys are no tones."""
        self.unbridge()
        script = announced(self._voice, says, language, keys, events=events)
        self._script = iter(script)
        return len(script) * FRAME_S

    def press_one(self, language: str) -> None:
        """Ask for a key, again and again."""
        self.unbridge()
        self._asks = True
        self._said = again_and_again("press_one", language, AGAIN_S)

    def one_moment(self, language: str) -> None:
        """Ask for patience until it is bridged."""
        self._asks = False
        if self._rings:
            super().one_moment(language)
        else:
            self._said = again_and_again("one_moment", language)

    def unavailable(self, language: str) -> float:
        """Say that nobody could be reached; return how long that takes (s)."""
        self._asks = False
        return super().unavailable(language)

    def bridge(self, end: FarEnd, far: Far) -> None:
        """Let it and a far end hear each other."""
        self._asks = False
        super().bridge(end, far)

    def beat(self, now: float) -> None:
        """Say the next 20 ms: of what was asked for by `speak`, or as every leg does."""
        frame = next(self._script, None)
        if frame is None:
            super().beat(now)
        else:
            self._tell_peer(frame, now)

    def heard(self, frame: Frame, now: float) -> None:
        """Take what the telephone says."""
        if frame.event:
            key = self._keys.take(frame)
            if key and self._asks and self._told < KEYS_MOST:
                self._told += 1
                self._tell(Key(self.name, key))
        self.tell_far(frame, now)

    def watch(self, now: float) -> None:
        """A telephone that says nothing may be one that sends no silence; its trunk tells when it is gone."""

    def stats(self) -> Stats:
        """How it sounds so far."""
        return self._wire.stats()

    def end(self) -> Stats:
        """Fall silent; the far end's port is open until it is released."""
        self.unbridge()
        self._asks, self._said, self._script = False, iter(()), iter(())
        return self.stats()

    def _tell_peer(self, frame: Frame, now: float) -> None:
        self._wire.hear(frame, now)
