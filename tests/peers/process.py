"""A process that a test starts, watches and ends by its own id, with all that it says kept in a file."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest


def free_port() -> int:
    """A loopback port that nobody has at this moment, by TCP or by UDP."""
    while True:
        with socket.socket() as probe, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as beside:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            with suppress(OSError):
                beside.bind(("127.0.0.1", port))
                return port


def is_listening(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def require(name: str, found: object) -> None:
    """Skip the test that needs a peer which is not installed, by its name; under CI=true that is a failure."""
    if found:
        return
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(f"{name} is not installed, and CI=true does not let its tests be skipped")
    pytest.skip(f"needs {name}, which is not installed (see tests/peers/install.py)")


def find_program(name: str, *beside: str) -> Path | None:
    """A program on the PATH, or in the newest of the directories that the patterns give."""
    if found := shutil.which(name):
        return Path(found)
    for pattern in beside:
        if candidates := sorted(Path("/").glob(f"{pattern.lstrip('/')}/{name}")):
            return candidates[-1]
    return None


def unprivileged_user() -> str | None:
    """Whom to run as what refuses to run as root; None when we are not root."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return None


_started: set[Process] = set()


@atexit.register
def kill_what_is_left() -> None:
    """However a run of the tests ends (but for kill -9), nothing that it started outlives it."""
    for process in _started:
        if process.returncode is None:
            process.kill()


class Process:
    """One run of a program. `stop` is for the end of a test, the other verbs are faults."""

    def __init__(
        self,
        argv: Sequence[str | Path],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        cwd: Path | None = None,
    ) -> None:
        """Start it; standard output and error are appended to `log`."""
        self.argv = [str(word) for word in argv]
        self.log = log
        _started.add(self)
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                cwd=cwd,
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its id."""
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """Its exit status, None while it runs."""
        return self._popen.poll()

    def said(self) -> str:
        """All that it (and those before it with the same log) wrote."""
        return self.log.read_text("utf-8", "replace")

    def wait_until(self, ready: Callable[[], bool], what: str, within_s: float = 30.0) -> None:
        """Wait until `ready`; fails with the end of the log when it ends or takes too long."""
        deadline = time.monotonic() + within_s
        while not ready():
            if self.returncode is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"{what} did not start:\n{self.said()[-3000:]}")
            time.sleep(0.03)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it alone."""
        self._popen.send_signal(number)

    def kill(self) -> None:
        """kill -9 of it and its children: no chance to say goodbye."""
        for process in self._family():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._popen.wait(10)

    def pause(self) -> None:
        """Stop it and its children where they stand: connections stay, nothing answers."""
        for process in self._family():
            with suppress(psutil.NoSuchProcess):  # a child may have ended since it was listed
                process.suspend()

    def resume(self) -> None:
        """Go on after `pause`."""
        for process in self._family():
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def wait(self, within_s: float) -> int:
        """Wait for its end and return its exit status. Raises: subprocess.TimeoutExpired."""
        return self._popen.wait(within_s)

    def stop(self, number: signal.Signals = signal.SIGTERM, within_s: float = 8.0) -> None:
        """End it, kindly first."""
        if self.returncode is not None:
            return
        self.resume()
        self.send(number)
        try:
            self._popen.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def _family(self) -> list[psutil.Process]:
        try:
            me = psutil.Process(self.pid)
            return [me, *me.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []
