"""What a media worker is made of: the plane that carries the sound, and what rings telephones by it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Protocol

from voice.call_events import PromptKind
from voice.carriers.base import CarrierEvent
from voice.media.shapes import Far, Stats, Told
from voice.media_phones import Lines


class Plane(Protocol):
    """What carries the sound; ``voice/media/plane.py``, or a stand-in of the tests."""

    async def accept(self, leg: str, peer: int, sdp: str) -> str:
        """Return the answer to the offer of a peer connection. Raises MediaError."""
        ...

    async def prompt(self, leg: str, what: PromptKind, language: str) -> None:
        """Say something on a leg; ``unavailable`` to its end. Raises MediaError."""
        ...

    async def bridge(self, leg: str, far: Far) -> None:
        """Let a leg and a far end hear each other. Raises MediaError."""
        ...

    async def hold(self, leg: str, language: str | None) -> None:
        """Hold the line of a leg, in this language; None: no longer. Raises MediaError."""
        ...

    async def hangup(self, leg: str) -> Stats:
        """End a leg and return how it sounded. Raises MediaError."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether it would take one more call. Asked in another thread."""
        ...

    def legs(self) -> Collection[str]:
        """Return the legs that are here."""
        ...

    async def close(self) -> None:
        """End everything."""
        ...


# What `make` made is handed to `lines`, which asks more of it than a worker does: ports for its telephones.
MakePlane = Callable[[Callable[[Told], None]], Plane]
MakeLines = Callable[[Any, Callable[[CarrierEvent, Stats | None], None], Callable[[str], None]], Lines]
