"""A Redis of its own, without persistence, on a free loopback port."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import redis as client

from tests.peers.process import Process, find_program, free_port, require


class Redis:
    """One server. Killed and started again it comes back empty, as after a crash."""

    def __init__(self) -> None:
        """Start it."""
        program = find_program("redis-server")
        require("Redis (redis-server)", program)
        assert program is not None
        self._program = program
        self.directory = Path(tempfile.mkdtemp(prefix="curbside-redis-"))
        self.port = free_port()
        self.process = self._start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def _start(self) -> Process:
        argv: list[str | Path] = [
            self._program,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        process = Process([*argv, "--dir", self.directory], self.directory / "log")
        process.wait_until(self._answers, "Redis")
        return process

    def connect(self) -> client.Redis:
        """A connection for the test itself."""
        return client.Redis(port=self.port, socket_timeout=2)

    def _answers(self) -> bool:
        try:
            with self.connect() as connection:
                return bool(connection.ping())
        except client.RedisError:
            return False

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()

    def start_again(self) -> None:
        """After `kill`, on the same port, empty."""
        self.process = self._start()

    def close(self) -> None:
        """Stop it and remove all of it."""
        self.process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
