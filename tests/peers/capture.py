"""A real tshark on the loopback: what passed a port, as an analyser of others reads it."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.peers.process import Process, find_program, free_port, require


class Capture:
    """Everything over TCP from or to 127.0.0.1:`port` while it runs. `stop`, then `sip`."""

    def __init__(self, port: int) -> None:
        """Start it, and wait until it sees packets."""
        program, dumping = find_program("tshark"), find_program("dumpcap")
        require("tshark", program and dumping)
        assert program is not None and dumping is not None
        self._program, self._port = program, port
        self.directory = Path(tempfile.mkdtemp(prefix="curbside-capture-"))
        self._file = self.directory / "seen.pcap"
        self._probe = free_port()
        argv: list[str | Path] = [dumping, "-q", "-P", "-i", "lo", "-w", self._file]
        argv += ["-f", f"tcp port {port} or udp port {self._probe}"]
        self.process = Process(argv, self.directory / "log", cwd=self.directory)
        self._seen(b"begins")

    def _seen(self, word: bytes) -> None:
        """Say a word on a port that is looked at, until it stands in the file: what passed before does so too."""
        deadline = time.monotonic() + 20
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            while not (self._file.exists() and word in self._file.read_bytes()):
                if self.process.returncode is not None or time.monotonic() > deadline:
                    pytest.fail(f"nothing was captured:\n{self.process.said()[-2000:]}")
                line.sendto(word, ("127.0.0.1", self._probe))
                time.sleep(0.05)

    def stop(self) -> None:
        """See what has passed, and no more."""
        self._seen(b"the end is here")
        self.process.stop(signal.SIGINT)

    def sip(self) -> str:
        """All messages of SIP and their descriptions in words, whole, with nothing of the layers below."""
        argv: list[str | Path] = [self._program, "-r", self._file, "-d", f"tcp.port=={self._port},sip"]
        argv += ["-Y", "sip", "-O", "sip,sdp"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
        return "\n".join(line for line in done.stdout.splitlines() if line.startswith(" "))

    def raw(self) -> bytes:
        """What was captured, as it was."""
        return self._file.read_bytes()

    def close(self) -> None:
        """Remove all of it."""
        self.process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
