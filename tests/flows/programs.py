"""People without a browser: signing in over HTTP, and the terminal client as a program of its own."""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Any

from members.demo import PASSWORD
from tests.peers.curbside import ROOT
from voice.demo import SECRET

Json = dict[str, Any]


def call(url: str, method: str, path: str, body: Json | None = None, **headers: str) -> Json:
    """One request with JSON both ways. Raises: urllib.error.HTTPError."""
    data = None if body is None else json.dumps(body).encode()
    shown = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = urllib.request.Request(url + path, data, shown, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read()
    found: Json = json.loads(text) if text else {}
    return found


def sign_in(url: str, email: str, password: str = PASSWORD) -> tuple[str, str]:
    """Sign in as a phone does, by email and password, and make a token: (session token, token)."""
    try:
        answer = call(url, "POST", "/_allauth/app/v1/auth/login", {"email": email, "password": password})
    except urllib.error.HTTPError as asks:
        with asks:
            answer = _second_step(url, json.loads(asks.read()))
    session = str(answer["meta"]["session_token"])
    made = call(url, "POST", "/api/v1/tokens", {"name": "terminal"}, X_Session_Token=session)
    return session, str(made["token"])


def _second_step(url: str, asked: Json) -> Json:
    """Type the code of the demo's authenticator app; a code counts once, so after a quick repeat the next one."""
    session = str(asked["meta"]["session_token"])
    for _ in range(40):
        try:
            return call(url, "POST", "/_allauth/app/v1/auth/2fa/authenticate", {"code": one_time_code(SECRET)},
                        X_Session_Token=session)
        except urllib.error.HTTPError as refused:
            refused.close()
            time.sleep(1)
    raise AssertionError("no code of the authenticator app was taken")


def one_time_code(secret: str) -> str:
    """The six digits of an authenticator app now. Source: RFC 6238, RFC 4226 section 5.3."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


class Terminal:
    """`python -m curbside`, driven line by line."""

    def __init__(self, url: str, token: str) -> None:
        """Start it."""
        paths = [str(ROOT / "clients" / "python"), str(ROOT)]
        env = {**os.environ, "CURBSIDE_TOKEN": token, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}
        argv = [sys.executable, "-m", "curbside", url]
        self._process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env
        )
        self.lines: list[str] = []
        self._at = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    def type(self, line: str) -> None:
        """One line of input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def shows(self, pattern: str, within_s: float = 20.0) -> re.Match[str]:
        """Wait for a line after the last one that was waited for."""
        return self._wait(pattern, self._at, within_s)

    def shows_somewhere(self, pattern: str, within_s: float = 20.0) -> re.Match[str]:
        """Wait for a line that may stand before others that were waited for."""
        return self._wait(pattern, 0, within_s)

    def _wait(self, pattern: str, at: int, within_s: float) -> re.Match[str]:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            while at < len(self.lines):
                at += 1
                if found := re.search(pattern, self.lines[at - 1]):
                    self._at = max(at, self._at)
                    return found
            time.sleep(0.05)
        raise AssertionError(f"no line like {pattern!r} in:\n" + "\n".join(self.lines))

    def count(self, text: str) -> int:
        """How many lines hold this."""
        return sum(text in line for line in self.lines)

    def end(self) -> int:
        """/quit, and the exit status."""
        self.type("/quit")
        return self._process.wait(10)

    def kill(self) -> None:
        """Whatever it does."""
        self._process.kill()
        self._process.wait(10)
