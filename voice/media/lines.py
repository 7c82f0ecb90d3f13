"""A peer connection as its leg sees it, and as the plane opens it. Knows no Django."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from voice.media.leg import Line
from voice.media.shapes import Sound
from voice.media.webrtc import Connection


class Opened(NamedTuple):
    """A peer connection that was answered: its line, what its sound is there, our SSRC towards it, and the answer."""

    line: Line
    sound: Sound
    ssrc: int
    answer: str


class WebrtcLine:
    """One that this worker carries itself. Closing takes time, and the leg does not wait."""

    def __init__(self, connection: Connection, later: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self.send = connection.send
        self._connection, self._later = connection, later

    def close(self) -> None:
        """Have it closed soon."""
        self._later(self._connection.close())
