"""What is heard on a leg: a prompt, ringing, its far end, or that the line is held. Sans-IO; time is passed in.

``leg.py`` takes it to a browser, ``telephone.py`` to a telephone. While the line is held both sides hear that it is,
and nothing of each other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import chain
from typing import Final

from voice.media.bridge import Frame
from voice.media.farend import FarEnd, Voice
from voice.media.shapes import RATE, Far, Stats
from voice.media.speech import Said, speech
from voice.media.tones import BY_LANGUAGE, QUIET, frames, ringing, silence

PAUSE_S: Final = 4.0


def again_and_again(what: Said, language: str, pause_s: float | None = None) -> Iterator[bytes]:
    """Say a sentence, and again after a pause, for ever."""
    while True:
        yield from frames(speech(what, language))
        yield from silence(PAUSE_S if pause_s is None else pause_s)


class Hearing(ABC):
    """One leg as it hears and is heard. `far` is its far end, `bridged_to` what that was made of."""

    name: str

    def __init__(self) -> None:
        self.far: FarEnd | None = None
        self.bridged_to: Far | None = None
        self._voice, self._far_voice = Voice(), Voice()
        self._said: Iterator[bytes] = iter(())
        self._patience: Iterator[bytes] | None = None
        self._held: Iterator[bytes] | None = None

    @property
    @abstractmethod
    def listens(self) -> bool:
        """Whether somebody can hear what is said on it now."""

    @abstractmethod
    def watch(self, now: float) -> None:
        """Look what does not arrive. To be called a few times a second."""

    @abstractmethod
    def stats(self) -> Stats:
        """How it sounds so far."""

    @abstractmethod
    def end(self) -> Stats:
        """Close all that it has, and return how it sounded."""

    @abstractmethod
    def _tell_peer(self, frame: Frame, now: float) -> None:
        """Have who is on this leg hear a frame."""

    @property
    def beats(self) -> bool:
        """Whether 20 ms from now it has something to say to either side."""
        return self.far is None or self.far.beats or self._patience is not None or self._held is not None

    @property
    def passes(self) -> bool:
        """Whether each side hears what the other one says, and nothing that is made here."""
        return self.far is not None and self._held is None and self._patience is None

    # --- what is asked of it ---

    def one_moment(self, language: str) -> None:
        """Ask for patience, and ring until it is bridged. One that is bridged needs none."""
        if self.far is None:
            region = BY_LANGUAGE.get(language, "US")
            self._said = chain(frames(speech("one_moment", language)), silence(0.4), ringing(region))

    def unavailable(self, language: str) -> float:
        """Say that nobody could be reached, in the place of all else; return how long that takes (s)."""
        self.unbridge()
        self._said = chain(silence(0.2), frames(speech("unavailable", language)))
        return 0.4 + len(speech("unavailable", language)) / RATE

    def bridge(self, end: FarEnd, far: Far) -> None:
        """Let it and a far end hear each other; `far` is what that was made of. What it was told before is over."""
        self.unbridge()
        self._said = iter(())
        self.far, self.bridged_to = end, far

    def unbridge(self) -> None:
        """Let it and its far end hear each other no more."""
        if self.far is not None:
            self.far.close()
        self.far = self.bridged_to = self._patience = None

    def hold(self, language: str | None) -> None:
        """Hold the line and say so to both sides in this language, or let them hear each other again (None)."""
        self._held = None if language is None else again_and_again("held", language)

    # --- what happens to it ---

    def hear_far(self, frame: Frame, now: float) -> None:
        """Take what the far end says, of itself."""
        if self._held is None:
            self._tell_peer(frame, now)

    def tell_far(self, frame: Frame, now: float) -> None:
        """Take what is said on this leg: the far end hears it, unless the line is held."""
        if self.far is not None and self._held is None:
            self.far.hear(frame, now)

    def beat(self, now: float) -> None:
        """Say the next 20 ms to both sides, where they hear what is made here."""
        asked = self._held or self._patience
        payload = next(asked, QUIET) if asked is not None else QUIET
        if asked is not None and self.far is not None:
            self.far.hear(self._far_voice.frame(payload), now)
        if self._held is not None:
            self._tell_peer(self._voice.frame(payload), now)
        elif self.far is None:
            self._tell_peer(self._voice.frame(next(self._said, QUIET)), now)
        elif self.far.beats and (frame := self.far.beat()):
            self._tell_peer(frame, now)
