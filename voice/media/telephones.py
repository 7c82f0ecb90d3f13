"""The far ends over plain RTP of one worker, and those of them that are legs of their own. Knows no Django.

A far end is a port first, then somebody whose address is known. From then on it may be spoken to, asked for a key and
bridged as a leg of the same name; or another leg is bridged to it, and it hears that one alone.
"""

from __future__ import annotations

from collections.abc import Callable

from voice.media.shapes import MediaError, Rtp, Stats, Told
from voice.media.telephone import Telephone
from voice.media.trunk import TrunkEnd


class Telephones:
    """All of them, by name. `tell` is called at once and must not raise."""

    def __init__(self, tell: Callable[[Told], None]) -> None:
        self._tell = tell
        self.ends: dict[str, TrunkEnd] = {}
        self.legs: dict[str, Telephone] = {}

    async def listen(self, name: str, address: str, ports: range) -> tuple[str, int]:
        """Open a port and return where it is; the same for the same name. Raises MediaError: ``no_port``."""
        if name not in self.ends:
            self.ends[name] = await self._open(name, address, ports)
        return self.ends[name].local

    async def _open(self, name: str, address: str, ports: range) -> TrunkEnd:
        return await TrunkEnd.open(address, ports)

    def connect(self, far: Rtp) -> None:
        """Take it for a leg from now on. One that another leg is bridged to stays with it, at its new address.

        Raises MediaError: ``unknown_far``.
        """
        end = self.end(far.name)
        if end.far is None:
            leg = self.legs[far.name] = Telephone(far.name, end, self._tell)
            end.connect(far, leg.heard)
        else:
            end.connect(far)

    def end(self, name: str) -> TrunkEnd:
        """Return a far end. Raises MediaError: ``unknown_far``."""
        end = self.ends.get(name)
        if end is None:
            raise MediaError("unknown_far")
        return end

    def is_known(self, name: str) -> bool:
        """Whether it is a leg, or could be one."""
        return name in self.legs or (name in self.ends and self.ends[name].far is not None)

    def leg(self, name: str) -> Telephone:
        """Return a far end as a leg; one that another leg was bridged to waits for the next, and hears so."""
        if name not in self.legs:
            end = self.ends[name]
            assert end.far is not None
            leg = self.legs[name] = Telephone(name, end, self._tell, rings=False)
            end.connect(end.far, leg.heard)
        return self.legs[name]

    def taken(self, far: Rtp) -> TrunkEnd:
        """Return the end to which another leg is bridged now: it is no leg of its own any more."""
        leg = self.legs.pop(far.name, None)
        if leg is not None:
            leg.end()
        return self.end(far.name)

    def release(self, name: str) -> Stats:
        """Close a port and return how it sounded. Raises MediaError: ``unknown_far``."""
        end = self.end(name)
        leg = self.legs.pop(name, None)
        if leg is not None:
            leg.end()
        del self.ends[name]
        return end.end()

    def has_events(self, name: str) -> bool:
        """Whether keys can be sent to a far end as telephone-events."""
        far = self.end(name).far
        return far is not None and far.sound.event is not None
