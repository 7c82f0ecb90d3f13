"""A real baresip on the loopback: telephones behind a trunk, each with a tone of its own, and what they heard."""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
import threading
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.peers.process import Process, find_program, free_port, is_listening, require

MODULES = Path("/usr/lib/baresip/modules")
HEADER = 44
"""Octets before the samples of a WAV file."""
CONFIG = """poll_method epoll
sip_listen 127.0.0.1:{port}
net_interface 127.0.0.1
dns_server 127.0.0.1:9
call_local_timeout 120
call_max_calls 200
audio_source ausine,440
audio_channels 1
ausrc_srate 48000
ausrc_channels 2
rtp_ports 32000-32700
rtp_timeout {silent_s}
module_path {modules}
module g711.so
module ausine.so
module sndfile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
snd_path {directory}
menu_bell no
statmode_default off
"""
ACCOUNT = "<sip:{number}@127.0.0.1>;regint=0;answermode={answers};audio_source=ausine,{pitch};audio_codecs={codecs}\n"


@dataclass(frozen=True, slots=True)
class Telephone:
    """A number, the pitch of what is said there, and how it answers: at once, or when it is told to.

    `codecs`: what it speaks, in baresip's words.
    """

    number: str
    pitch: int
    answers: Literal["auto", "manual"] = "auto"
    codecs: str = "pcma/8000/1"


class Baresip:
    """All telephones at 127.0.0.1:`port`, TCP and UDP. `said` is every event that it has told, the latest last."""

    def __init__(self, *telephones: Telephone, silent_s: int = 60) -> None:
        """Start it. `silent_s`: without a packet for so long it hangs up, as trunks do."""
        program = find_program("baresip")
        require("baresip (baresip-core)", program)
        assert program is not None
        self.directory = Path(tempfile.mkdtemp(prefix="curbside-baresip-"))
        self.port, control = free_port(), free_port()
        fields = {"port": self.port, "control": control, "modules": MODULES, "directory": self.directory}
        (self.directory / "config").write_text(CONFIG.format(silent_s=silent_s, **fields))
        (self.directory / "contacts").write_text("")
        (self.directory / "accounts").write_text("".join(
            ACCOUNT.format(number=each.number, answers=each.answers, pitch=each.pitch, codecs=each.codecs)
            for each in telephones
        ))  # fmt: skip
        self.process = Process([program, "-4", "-f", self.directory], self.directory / "log", cwd=self.directory)
        self.process.wait_until(lambda: is_listening(self.port) and is_listening(control), "baresip")
        self.said: list[dict[str, Any]] = []
        self._news = threading.Condition()
        self._line = socket.create_connection(("127.0.0.1", control), timeout=10)
        self._line.settimeout(None)
        threading.Thread(target=self._listen, name="baresip", daemon=True).start()

    def tell(self, command: str, params: str = "") -> None:
        """Give a command of its menu, for the telephone that `at` chose, and wait until it was taken."""
        token = f"{command}-{time.monotonic_ns()}"
        order = {"command": command, "token": token} | ({"params": params} if params else {})
        words = json.dumps(order).encode()
        self._line.sendall(b"%d:%s," % (len(words), words))
        self.until(lambda each: each.get("token") == token)

    def at(self, number: str) -> None:
        """Choose whose telephone is meant by commands."""
        self.tell("uafind", f"sip:{number}@127.0.0.1")

    def hears(self, kind: str, param: str | None = None, within_s: float = 15.0) -> dict[str, Any]:
        """Wait for an event that was not waited for before, such as ``CALL_CLOSED``, and return it."""
        found = self.until(lambda each: each.get("type") == kind and param in (None, each.get("param")), within_s)
        with self._news:
            self.said.remove(found)
        return found

    def until(self, wanted: Callable[[dict[str, Any]], bool], within_s: float = 15.0) -> dict[str, Any]:
        """Wait for something that it says and return it."""
        deadline = time.monotonic() + within_s
        with self._news:
            while not (found := [each for each in self.said if wanted(each)]):
                if not self._news.wait(deadline - time.monotonic()):
                    pytest.fail(f"baresip did not say so; it said {self.said}\n{self.process.said()[-3000:]}")
        return found[0]

    def heard(self) -> list[int]:
        """The samples that the telephone of the newest call has heard, at 8 kHz."""
        files = sorted(self.directory.glob("dump-*-dec.wav"), key=lambda each: each.stat().st_mtime_ns)
        data = files[-1].read_bytes()[HEADER:] if files else b""
        return list(array("h", data[: len(data) // 2 * 2]))

    def forget(self) -> None:
        """Forget what was said and heard before."""
        with self._news:
            self.said.clear()
        for each in self.directory.glob("dump-*.wav"):
            each.unlink()

    def close(self) -> None:
        """Stop it and remove all of it."""
        self.process.stop()
        self._line.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _listen(self) -> None:
        kept = b""
        while data := self._read():
            kept += data
            while (length := kept.partition(b":")[0]).isdigit() and len(kept) > len(length) + 1 + int(length):
                begin = len(length) + 1
                told = json.loads(kept[begin : begin + int(length)])
                kept = kept[begin + int(length) + 1 :]
                with self._news:
                    self.said.append(told)
                    self._news.notify_all()

    def _read(self) -> bytes:
        try:
            return self._line.recv(65_536)
        except OSError:
            return b""
