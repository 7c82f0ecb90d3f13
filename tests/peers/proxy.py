"""A TCP proxy on the loopback that fails as networks do: cut, cut one way, half-open, slow, stalling.

With several ports behind it, it is the balancer of an installation too: who cannot be reached is passed over.

It runs an event loop in a thread of its own, so that synchronous tests (a browser's) and asynchronous ones use it
alike. All its verbs may be called from any thread.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

CHUNK = 16_384


@dataclass
class Weather:
    """How bytes travel. Spans in seconds, `bytes_per_s` for each direction of each connection; None is no limit."""

    up: bool = True
    down: bool = True
    delay_s: float = 0.0
    bytes_per_s: float | None = None
    stall_chance: float = 0.0
    stall_s: float = 0.25


class Proxy:
    """Forwards 127.0.0.1:`port` to the first port behind it that accepts. `with Proxy(port_behind) as proxy:`."""

    def __init__(self, *behind: int, seed: int = 1) -> None:
        """`seed` decides which chunks stall."""
        self.behind = behind
        self.port = 0
        self.weather = Weather()
        self._refusing = False
        self._trap: bytes | None = None
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        """Listen."""
        started = threading.Event()
        self._loop.call_soon(lambda: self._loop.create_task(self._listen(started)))
        self._thread.start()
        started.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        """Break everything and stop."""
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    @property
    def url(self) -> str:
        """The address to give to a client."""
        return f"http://localhost:{self.port}"

    # Weather

    def cut(self) -> None:
        """Break all connections with a reset, and refuse new ones until `heal`."""
        self._refusing = True
        self._call(self._abort_all)

    def drop_connections(self) -> None:
        """Break all connections once; new ones are welcome."""
        self._call(self._abort_all)

    def half_open(self) -> None:
        """Nothing passes any more, either way, and nobody is told."""
        self._change(up=False, down=False)

    def cut_up(self) -> None:
        """What the client says is lost; what the server says arrives."""
        self._change(up=False)

    def cut_down(self) -> None:
        """What the server says is lost; what the client says arrives."""
        self._change(down=False)

    def cut_answer_to(self, word: bytes) -> None:
        """As `cut_down`, from the instant in which a client says this on: it is heard, and its answer is lost."""
        self._trap = word

    def slow(self, *, delay_s: float = 0.0, bytes_per_s: float | None = None, stall_chance: float = 0.0) -> None:
        """Delay every chunk, throttle, and stall some of them as a lost packet does."""
        self._change(delay_s=delay_s, bytes_per_s=bytes_per_s, stall_chance=stall_chance)

    def heal(self) -> None:
        """Fair weather. Bytes that a one-way cut took are gone, so connections that lost any are broken."""
        lossy = not (self.weather.up and self.weather.down)
        self._refusing, self._trap = False, None
        self.weather = Weather()
        if lossy:
            self._call(self._abort_all)

    def _change(self, **weather: bool | float | None) -> None:
        def change() -> None:
            for name, value in weather.items():
                setattr(self.weather, name, value)

        self._call(change)

    # The thread

    def _call(self, action: Callable[[], object]) -> None:
        done = threading.Event()

        def run() -> None:
            action()
            done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        self._loop.close()

    async def _listen(self, started: threading.Event) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        started.set()

    def _abort_all(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        behind: asyncio.StreamWriter | None = None
        try:
            if self._refusing:
                return
            answers, behind = await self._dial()
            self._writers.add(behind)
            await asyncio.gather(self._pump(reader, behind, "up"), self._pump(answers, writer, "down"))
        except (OSError, asyncio.CancelledError):  # cancelled when the proxy itself ends
            return
        finally:
            for one in (writer, behind):
                if one is not None:
                    self._writers.discard(one)
                    one.transport.abort()

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for port in self.behind:
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        raise ConnectionRefusedError

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        """Carry one direction. A queue between lets a delay be a delay and not a throttle."""
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(256)
        delivering = asyncio.create_task(self._deliver(waiting, writer, way))
        try:
            with suppress(OSError):
                while data := await reader.read(CHUNK):
                    await waiting.put((self._loop.time(), data))
            while not getattr(self.weather, way):  # an end is news too, and no news passes
                await asyncio.sleep(0.05)
            await waiting.put((0.0, b""))
            await delivering
        finally:
            delivering.cancel()

    async def _deliver(
        self, waiting: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, way: str
    ) -> None:
        while True:
            at, data = await waiting.get()
            if not data:
                with suppress(OSError, RuntimeError):
                    writer.write_eof()
                return
            await asyncio.sleep(max(0.0, at + self.weather.delay_s - self._loop.time()))
            if self._random.random() < self.weather.stall_chance:
                await asyncio.sleep(self.weather.stall_s)
            if way == "up" and self._trap is not None and self._trap in data:
                self.weather.down, self._trap = False, None
            while data and getattr(self.weather, way):
                rate = self.weather.bytes_per_s
                share = len(data) if rate is None else max(1, int(rate / 10))
                writer.write(data[:share])
                data = data[share:]
                await writer.drain()
                if rate is not None:
                    await asyncio.sleep(share / rate)
