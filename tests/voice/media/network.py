"""A network between a browser and the plane that loses sound and brings it late: a UDP proxy, with a seed."""

from __future__ import annotations

import asyncio
import random
import re
from typing import Any, Final

LOCAL: Final = "127.0.0.1"


class Network(asyncio.DatagramProtocol):
    """Whatever comes from the plane goes to the browser, and the other way round; sound alone suffers."""

    def __init__(self, loss: float, jitter_s: float) -> None:
        self.loss, self.jitter_s = loss, jitter_s
        self.lost = 0  # of what the browser sent
        self._chance = random.Random(3)
        self._plane: tuple[str, int] | None = None
        self._browser: tuple[str, int] | None = None
        self._transport: Any = None

    @classmethod
    async def between(cls, answer: str, loss: float, jitter_s: float) -> tuple[Network, str]:
        """Put itself into an answer: return the network, and the answer by which a browser goes through it."""
        loop = asyncio.get_running_loop()
        transport, network = await loop.create_datagram_endpoint(lambda: cls(loss, jitter_s), local_addr=(LOCAL, 0))
        port = re.search(r"a=candidate:.* ([0-9]+) typ host", answer)
        assert port is not None
        network._plane = LOCAL, int(port[1])
        return network, answer.replace(f" {port[1]} ", f" {transport.get_extra_info('sockname')[1]} ")

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr != self._plane:
            self._browser = addr
        to = self._browser if addr == self._plane else self._plane
        if not 127 < data[0] < 192:  # ICE and DTLS (RFC 7983)
            self._transport.sendto(data, to)
        elif self._chance.random() < self.loss:
            self.lost += addr != self._plane
        else:
            asyncio.get_running_loop().call_later(self._chance.random() * self.jitter_s, self._pass, data, to)

    def _pass(self, data: bytes, to: tuple[str, int] | None) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, to)

    def close(self) -> None:
        self._transport.close()
