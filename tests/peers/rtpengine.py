"""A real rtpengine in user space on the loopback, with the configuration that is shipped."""

from __future__ import annotations

import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.peers.process import Process, find_program, free_port, require

CONFIG = Path(__file__).resolve().parents[2] / "deploy" / "rtpengine" / "rtpengine.conf"


class Rtpengine:
    """One engine. It takes orders at 127.0.0.1:`port` (UDP)."""

    def __init__(self, *, ports: int = 100) -> None:
        """Start it, with so many ports for sound, and wait for its answer."""
        program = find_program("rtpengine", "/usr/sbin")
        require("rtpengine (rtpengine-daemon)", program)
        assert program is not None
        self.directory = Path(tempfile.mkdtemp(prefix="curbside-rtpengine-"))
        self.port = free_port()
        # Another hundred for each, below those that the system gives to others.
        self._program, self._port_min, self._ports = program, 10_000 + self.port % 200 * 100, ports
        self.process = self._start()

    def _start(self) -> Process:
        argv: list[str | Path] = [self._program, f"--config-file={CONFIG}", "--interface=127.0.0.1"]
        argv += [f"--listen-ng=127.0.0.1:{self.port}", f"--pidfile={self.directory / 'pid'}"]
        argv += [f"--port-min={self._port_min}", f"--port-max={self._port_min + self._ports - 1}"]
        process = Process(argv, self.directory / "log")
        process.wait_until(self._answers, "rtpengine")
        return process

    def _answers(self) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line, suppress(OSError):
            line.settimeout(0.1)
            line.connect(("127.0.0.1", self.port))
            line.send(b"1 d7:command4:pinge")
            return b"pong" in line.recv(1500)
        return False

    def start_again(self) -> None:
        """After `process.kill()`, on the same port, without its calls."""
        self.process = self._start()

    def close(self) -> None:
        """Stop it and remove all of it."""
        self.process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
