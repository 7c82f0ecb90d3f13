"""What a call says that belongs to no other side: an extension's keys, and sentences three times over. Sans-IO."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from voice.media.bridge import Frame
from voice.media.farend import Voice
from voice.media.speech import Digit, Said, speech
from voice.media.tones import EVENTS, frames, key, silence

SWITCHBOARD_S: Final = 1.5
"""A switchboard takes no key before it has said its first word."""
GAP_S: Final = 0.1
PUT_THROUGH_S: Final = 4.0
TIMES: Final = 3
PAUSE_S: Final = 0.3
BETWEEN_S: Final = 1.0


def announced(voice: Voice, says: Sequence[Said | Digit], language: str, keys: str, *, events: bool) -> list[Frame]:
    """Return what is sent from the answer to the end, 20 ms each: the keys first, then the sentences three times.

    `keys`: of ``0123456789*#``; without `events`, as towards a far end that takes no telephone-event, they are tones.
    """
    sent = list(_pressed(voice, keys, events=events)) if keys else []
    sent += map(voice.frame, silence(PUT_THROUGH_S if keys else BETWEEN_S))
    for _ in range(TIMES):
        for what in says:
            sent += map(voice.frame, frames(speech(what, language)))
            sent += map(voice.frame, silence(PAUSE_S))
        sent += map(voice.frame, silence(BETWEEN_S))
    return sent


def _pressed(voice: Voice, keys: str, *, events: bool) -> Iterator[Frame]:
    yield from map(voice.frame, silence(SWITCHBOARD_S))
    for each in keys:
        event = EVENTS.index(each)
        yield from voice.key(event) if events else map(voice.frame, frames(key(event)))
        yield from map(voice.frame, silence(GAP_S))
