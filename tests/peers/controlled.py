"""`manage.py serve` with a line to the tests: they move its wall clock, and ask what it holds.

Run as `python -m tests.peers.controlled PORT serve ...`. One JSON object a line on that loopback port, one in answer:
`{"clock": seconds}` sets the wall clock so far off the true one (0 is the true one; the clock that only rises, which
sockets and loops go by, stays, as it does when a machine's date is set); `{"count": true}` counts tasks, threads,
sockets and streams; `{"collect": true}` collects what refers to itself in a circle, at once.
"""

from __future__ import annotations

import asyncio
import gc
import json
import socketserver
import sys
import threading
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.core.management import execute_from_command_line


class Clock:
    """The wall clock of this process, as far off as a test wants it."""

    def __init__(self) -> None:
        self._off: time_machine.travel | None = None

    def move(self, seconds: float) -> None:
        """Set it so many seconds off the true one."""
        if self._off is not None:
            self._off.stop()
            self._off = None
        if seconds:
            self._off = time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True)
            self._off.start()


def count() -> dict[str, int]:
    """What this process holds; all 0 before its hub runs."""
    from realtime.process import running_hub  # once Django is set up, which `serve` does

    hub = running_hub()
    if hub is None:
        return {"tasks": 0, "threads": threading.active_count(), "connections": 0, "streams": 0}
    found: Future[dict[str, int]] = Future()

    def look() -> None:
        found.set_result({
            "tasks": len(asyncio.all_tasks(hub.loop)),
            "threads": threading.active_count(),
            "connections": len(hub.connections),
            "streams": len(hub.streams.known),
        })

    hub.loop.call_soon_threadsafe(look)
    return found.result(5)


class Line(socketserver.StreamRequestHandler):
    """One conversation with a test."""

    clock = Clock()

    def handle(self) -> None:
        """Obey until the test hangs up."""
        for order in self.rfile:
            self.wfile.write(json.dumps(self.obey(json.loads(order))).encode() + b"\n")

    def obey(self, order: dict[str, Any]) -> dict[str, int]:
        """Carry out one order."""
        if "clock" in order:
            self.clock.move(float(order["clock"]))
        if order.get("collect"):
            gc.collect()
        return count() if order.get("count") else {}


class Control(socketserver.ThreadingTCPServer):
    """Where tests are heard."""

    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    control = Control(("127.0.0.1", int(sys.argv[1])), Line)
    threading.Thread(target=control.serve_forever, name="control", daemon=True).start()
    execute_from_command_line(["manage.py", *sys.argv[2:]])
