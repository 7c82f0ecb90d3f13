"""An engine that does no sound: it answers as a real one does, or not at all, or late, or twice."""

from __future__ import annotations

import asyncio
from collections import Counter

from voice.media.bencode import Found, decode, encode
from voice.media.rtpengine import Address


class FakeEngine(asyncio.DatagramProtocol):
    """`drop` of the next requests are lost on the way in; `asked` is each request that came in, by its cookie."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Found]]] = []
        self.drop = 0
        self.deaf = False
        self.reply: dict[str, Found] = {}
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls) -> FakeEngine:
        """One that listens on a free port."""
        made = cls()
        made._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: made, local_addr=("127.0.0.1", 0)
        )
        return made

    @property
    def address(self) -> Address:
        """Where it listens."""
        assert self._transport is not None
        return Address(*self._transport.get_extra_info("sockname")[:2])

    def count(self) -> Counter[str]:
        """How often each command came in."""
        return Counter(str(request["command"]) for _, request in self.asked)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        cookie, _, rest = data.partition(b" ")
        request = decode(rest)
        assert isinstance(request, dict)
        if self.deaf:
            return
        self.asked.append((cookie.decode(), request))
        if self.drop:
            self.drop -= 1
            return
        reply: dict[str, Found] = {"result": "pong"}
        if request["command"] != "ping":
            reply = {"result": "ok", "sdp": request.get("sdp", "")} | self.reply
        self._transport.sendto(b"another " + encode({"result": "error"}), addr)
        self._transport.sendto(b"no bencode", addr)
        for _ in range(2):
            self._transport.sendto(cookie + b" " + encode(reply), addr)

    def close(self) -> None:
        """Listen no more."""
        if self._transport is not None:
            self._transport.close()
