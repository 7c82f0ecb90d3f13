"""Where a client stands in each stream: `s == pos+1` is applied, what is older ignored, a hole asked for again.

Standard library only; no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from curbside.happenings import Event, Happening, Json, Missing, Reset, Subscribed, Unsubscribed


class State(Enum):
    """What has been said to the server about a stream on the present connection."""

    WANTED = "wanted"  # not asked for yet
    ASKED = "asked"  # `sub` is sent, its `re` not here yet
    LIVE = "live"
    FILLING = "filling"  # too much was missing: the program fetches it by HTTP


@dataclass(slots=True)
class Room:
    """One subscription. `position` is the last number applied, None before the first answer ("from now on")."""

    stream: str
    position: int | None = None
    epoch: str | None = None
    head: int = 0
    state: State = State.WANTED

    def ask(self) -> Json:
        """What to put into `subs`."""
        asked: Json = {"r": self.stream}
        if self.position is not None:
            asked["p"] = self.position
        if self.epoch is not None:
            asked["e"] = self.epoch
        return asked


class Rooms:
    """All subscriptions of one session."""

    def __init__(self) -> None:
        """No stream yet."""
        self._rooms: dict[str, Room] = {}

    def add(self, stream: str, position: int | None, epoch: str | None) -> Room:
        """Want a stream, or want it from another position."""
        self._rooms[stream] = room = Room(stream, position, epoch)
        return room

    def discard(self, stream: str) -> bool:
        """No longer want it; says whether it was wanted."""
        return self._rooms.pop(stream, None) is not None

    def positions(self) -> dict[str, tuple[str | None, int | None]]:
        """(epoch, last number applied) of each stream: keep it to resume later."""
        return {room.stream: (room.epoch, room.position) for room in self._rooms.values()}

    def applied(self) -> dict[str, int]:
        """The positions that a heartbeat reports."""
        return {room.stream: room.position for room in self._rooms.values() if room.position is not None}

    def disconnect(self) -> None:
        """Everything has to be asked for again."""
        for room in self._rooms.values():
            room.state = State.WANTED

    def to_ask(self, most: int) -> list[Json]:
        """The `subs` of the next frame; those rooms are then asked for."""
        chosen = [room for room in self._rooms.values() if room.state is State.WANTED][:most]
        for room in chosen:
            room.state = State.ASKED
        return [room.ask() for room in chosen]

    def answered(self, answer: Json) -> list[Happening]:
        """Take one of the `rooms` of a `re`: recovered (`rec`), from now on, to be fetched, or begun anew."""
        room = self._rooms.get(str(answer["r"]))
        if room is None:
            return []
        epoch, head, recovered = str(answer["e"]), int(answer["s"]), bool(answer["rec"])
        told: list[Happening] = []
        before, same_epoch = room.position, room.epoch in (None, epoch)
        room.epoch, room.head, room.state = epoch, max(head, room.head if same_epoch else 0), State.LIVE
        if before is None:
            room.position = head
        elif not recovered and same_epoch and before < head:
            room.state = State.FILLING
            told.append(Missing(room.stream, before))
        elif not recovered and not (same_epoch and before == head):
            room.position = room.head = head
            told.append(Reset(room.stream, epoch, head))
        return [Subscribed(room.stream, epoch, head, str(answer.get("me") or "")), *told]

    def apply(self, event: Event) -> list[Happening]:
        """Take one event if it is the next one; a hole makes the stream wanted again from where it stands."""
        room = self._rooms.get(event.stream)
        if room is None or room.position is None:
            return []
        room.head = max(room.head, event.seq)
        if event.seq == room.position + 1:
            room.position = event.seq
            return [event]
        if event.seq > room.position + 1 and room.state is State.LIVE:
            room.state = State.WANTED
        return []

    def check_heads(self, heads: Json) -> None:
        """Compare with the heads in a heartbeat; what came before it on the wire has been applied already."""
        for stream, head in heads.items():
            room = self._rooms.get(stream)
            if room is None or room.state is not State.LIVE or room.position is None:
                continue
            room.head = max(room.head, int(head))
            if room.position < room.head:
                room.state = State.WANTED

    def filled(self, stream: str, events: list[Event]) -> list[Happening]:
        """Take what HTTP gave, then subscribe again from there, so that nothing falls between."""
        room = self._rooms.get(stream)
        if room is None or room.state is not State.FILLING:
            return []
        told: list[Happening] = []
        for event in events:
            told += self.apply(event)
        room.state = State.WANTED
        return told

    def missing(self, stream: str) -> list[Happening]:
        """Ask again for what could not be fetched."""
        room = self._rooms.get(stream)
        if room is None or room.state is not State.FILLING or room.position is None:
            return []
        return [Missing(stream, room.position)]

    def ask_again(self) -> None:
        """The server would not answer: what was asked is wanted again."""
        for room in self._rooms.values():
            if room.state is State.ASKED:
                room.state = State.WANTED

    def has_wanted(self) -> bool:
        """Whether something is to be asked for."""
        return any(room.state is State.WANTED for room in self._rooms.values())

    def ended(self, stream: str, code: int, message: str) -> list[Happening]:
        """A `bye` for one stream."""
        return [Unsubscribed(stream, code, message)] if self.discard(stream) else []
