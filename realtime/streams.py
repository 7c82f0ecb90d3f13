"""Which sockets of this process read which stream, and how far each stream has been sent. In the event loop only.

A stream is known here while somebody reads it. It has a head, up to which all its live sockets have been sent
everything. Events come from the writer with their frames, or as rings (from services, other processes, the audit)
that make the hub read the tail; either way a number is sent once and in order, or read again.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from realtime.connection import Connection, Encoded
from realtime.protocol import Code

JOIN_BUFFER: Final = 1_000
HELD_S: Final = 0.02
HELD_BYTES: Final = 65_536  # past which frames that waited are sent in several messages

Later = Callable[[float, Callable[[], None]], object]


class Joining:
    """A socket between asking for a stream and standing at its head. `pos` is None until it has been answered."""

    __slots__ = ("buffer", "pos")

    def __init__(self) -> None:
        self.buffer: list[tuple[int, Encoded]] = []
        self.pos: int | None = None


class Local:
    """One stream as this process knows it."""

    __slots__ = ("ended", "epoch", "head", "held", "id", "joining", "live", "rung", "sent_at")

    def __init__(self, id_: str) -> None:
        self.id = id_
        self.epoch = ""
        self.head: int | None = None
        self.rung = 0
        self.live: dict[Connection, None] = {}
        self.joining: dict[Connection, Joining] = {}
        self.ended: dict[str, int] = {}  # seats that an event sent on here has ended, and its number
        self.held: list[bytes] = []  # the last frames, up to the head, which the live sockets are still to be sent
        self.sent_at = 0.0

    def behind(self) -> bool:
        """Whether more is known to exist than has been sent."""
        return self.head is not None and self.rung > self.head


class Streams:
    """All streams that are read in this process."""

    def __init__(self, behind: Callable[[str], None], removed: Callable[[Connection, str], None], *,
                 clock: Callable[[], float], later: Later, crowd: int) -> None:
        """`behind` is called with a stream whose tail must be read, `removed` with a socket whose seat has ended.

        `clock` gives seconds, `later` calls something after so many of them. From `crowd` live sockets of a stream on
        its frames wait for one another.
        """
        self.known: dict[str, Local] = {}
        self.delivered = 0
        self._behind, self._removed = behind, removed
        self._clock, self._later, self._crowd = clock, later, crowd

    # --- joining and leaving -------------------------------------------------------------------------------------

    def register(self, conn: Connection, stream: str) -> None:
        """From now on nothing of this stream is missed for the socket."""
        local = self.known.get(stream)
        if local is None:
            local = self.known[stream] = Local(stream)
        local.joining[conn] = Joining()  # first, so that the stream stays known whoever leaves it on the way
        self._release(local)
        local.live.pop(conn, None)

    def step_in(self, conn: Connection, stream: str, epoch: str, head: int, missed: Iterable[bytes]) -> bool:
        """Send what was missed, then what came meanwhile, and stand at the head. False if the socket left since."""
        local = self.known.get(stream)
        joining = local.joining.get(conn) if local is not None else None
        if local is None or joining is None:
            return False
        for frame in missed:
            conn.push(Encoded(frame))
        joining.pos = head
        ended = local.ended.get(conn.rooms[stream].id)
        for seq, encoded in joining.buffer:
            if seq == joining.pos + 1 and (ended is None or seq <= ended):
                conn.push(encoded)
                joining.pos = seq
        joining.buffer = []
        if ended is not None:
            self._removed(conn, stream)
            return True
        if local.head is None:
            local.head, local.epoch = head, epoch
        elif joining.pos < local.head:
            # Rooms are read by one thread in the order of asking, so that this cannot be; it must not be a gap.
            conn.dismiss(Code.RESYNC)
            return True
        self._settle(local)
        self._ring(local, joining.pos)
        return True

    def forget(self, conn: Connection, stream: str) -> None:
        """The socket no longer reads this stream."""
        local = self.known.get(stream)
        if local is None:
            return
        if conn in local.live:
            self._release(local)
            local.live.pop(conn, None)
        local.joining.pop(conn, None)
        if not local.live and not local.joining and self.known.get(stream) is local:
            del self.known[stream]

    def _settle(self, local: Local) -> None:
        """Those who have been sent all up to the head, and nothing past it, stand there with the others."""
        for conn, joining in list(local.joining.items()):
            if joining.pos is not None and joining.pos == local.head:
                self._release(local)
                if local.joining.pop(conn, None) is not None:
                    local.live[conn] = None

    # --- sending ---------------------------------------------------------------------------------------------------

    def rung(self, rings: Sequence[tuple[str, int]]) -> None:
        """Streams have reached these numbers, says somebody. A stale or doubled ring changes nothing."""
        for stream, seq in rings:
            local = self.known.get(stream)
            if local is not None:
                self._ring(local, seq)

    def _ring(self, local: Local, seq: int) -> None:
        local.rung = max(local.rung, seq)
        if local.behind():
            self._behind(local.id)

    def fan_out(self, stream: str, seq: int, frame: bytes, left: str | None = None) -> None:
        """Send one event to all who read the stream, if it is the next; ask for the tail if there is a gap.

        `left` is the seat that this event ends: it is the last that its sockets are sent.
        """
        local = self.known.get(stream)
        if local is None:
            return
        if local.head is None or seq > local.head + 1:
            self._ring(local, seq)
            return
        if seq <= local.head:
            return
        local.head = seq
        self.delivered += len(local.live)
        if len(local.live) < self._crowd or not self._hold(local, frame):
            self._push(local, frame)
        if local.joining:
            self._fan_out_joining(local, seq, Encoded(frame))
        if left is not None:
            self._remove_seat(local, left)

    def _push(self, local: Local, data: bytes) -> None:
        encoded = Encoded(data)
        for conn in list(local.live):  # one that is too slow leaves at once
            conn.push(encoded)

    def _hold(self, local: Local, frame: bytes) -> bool:
        """Keep a frame of a crowded stream back; False where none was sent just now, so that it may go at once.

        What a delivery costs is one system call: frames that share it cost half, and nobody sees twenty milliseconds.
        """
        now = self._clock()
        due = local.sent_at + HELD_S
        if not local.held and now >= due:
            local.sent_at = now
            return False
        if not local.held:
            self._later(due - now, partial(self._release, local))
        local.held.append(frame)
        return True

    def _release(self, local: Local) -> None:
        """Send what was kept back, joined as the protocol allows, before anything else happens to the stream."""
        held, local.held = local.held, []
        if not held:
            return
        local.sent_at = self._clock()
        together: list[bytes] = []
        size = 0
        for frame in held:
            if together and size + len(frame) > HELD_BYTES:
                self._push(local, b"\n".join(together))
                together, size = [], 0
            together.append(frame)
            size += len(frame)
        self._push(local, b"\n".join(together))

    def _fan_out_joining(self, local: Local, seq: int, encoded: Encoded) -> None:
        for conn, joining in list(local.joining.items()):
            if joining.pos is None:
                if len(joining.buffer) < JOIN_BUFFER:
                    joining.buffer.append((seq, encoded))
                else:
                    conn.dismiss(Code.RESYNC)
            elif seq == joining.pos + 1:
                conn.push(encoded)
                joining.pos = seq
        self._settle(local)

    def _remove_seat(self, local: Local, seat: str) -> None:
        local.ended[seat] = local.head or 0
        for conn in [*local.live, *local.joining]:
            ref = conn.rooms.get(local.id)
            if ref is not None and ref.id == seat:
                self._removed(conn, local.id)

    def whisper(self, stream: str, seat: str, frame: bytes) -> None:
        """Send an ephemeral frame to all who read the stream from another seat."""
        local = self.known.get(stream)
        if local is None:
            return
        encoded = Encoded(frame)
        for conn in local.live:
            if conn.rooms[stream].id != seat:
                conn.whisper(encoded)

    # --- asking ----------------------------------------------------------------------------------------------------

    def behind(self, streams: Iterable[str]) -> list[tuple[str, int]]:
        """Those of the streams whose tail is to be read, with the number behind which it begins."""
        found = [self.known[stream] for stream in streams if stream in self.known]
        return [(local.id, local.head) for local in found if local.head is not None and local.behind()]

    def heads(self, streams: Iterable[str]) -> dict[str, int]:
        """How far each of these streams has been sent to all who are live."""
        found = [self.known[stream] for stream in streams if stream in self.known]
        return {local.id: local.head - len(local.held) for local in found if local.head is not None}
