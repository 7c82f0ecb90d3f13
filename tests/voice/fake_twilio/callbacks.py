"""Twilio's requests to us: signed, retried as the address asks, and doubled, late, lost or backwards as faults say."""

from __future__ import annotations

import base64
import hashlib
import hmac
import queue
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from tests.voice.fake_twilio.world import Faults, Form


def signature(token: str, url: str, form: Form) -> str:
    """Base64 of the HMAC-SHA1, under the auth token, of the address and all sorted names and values.

    Source: Twilio, "Webhooks security", "Explore the algorithm yourself".
    """
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


@dataclass(frozen=True, slots=True)
class Posted:
    """One request that was made to us, and our answer; status 0 where there was none."""

    url: str
    form: Form
    signature: str
    status: int
    body: str


class Poster:
    """Posts forms to us and remembers what was answered."""

    def __init__(self, token: str, faults: Faults, timeout_s: float = 10.0) -> None:
        self.token = token
        self.faults = faults
        self.posted: list[Posted] = []
        self.lost: list[Form] = []
        self._timeout_s = timeout_s
        self._lines: dict[str, queue.Queue[tuple[str, Form] | None]] = {}
        self._held: dict[str, list[tuple[str, Form]]] = {}
        self._threads: list[threading.Thread] = []

    def post(self, url: str, form: Form) -> Posted:
        """Post once more for each retry that the address's overrides allow, and return the last answer."""
        address, _, overrides = url.partition("#")
        wanted = dict(urllib.parse.parse_qsl(overrides))
        policy = wanted.get("rp", "ct").split(",")
        again = int(wanted.get("rc", "1"))
        while True:
            done = self.post_once(address, form)
            failed = "ct" if done.status == 0 else "5xx" if done.status >= 500 else ""
            if failed not in policy or again <= 0:
                return done
            again -= 1
            time.sleep(0.05)

    def post_once(self, address: str, form: Form, signed: str | None = None) -> Posted:
        """Post it once and remember the answer; `signed` replaces the signature."""
        mark = signature(self.token, address, form) if signed is None else signed
        request = urllib.request.Request(address, urllib.parse.urlencode(dict(form)).encode(), {
            "X-Twilio-Signature": mark,
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
        })
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as answer:
                done = Posted(address, form, mark, answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            done = Posted(address, form, mark, error.code, error.read().decode("utf-8", "replace"))
        except OSError:
            done = Posted(address, form, mark, 0, "")
        self.posted.append(done)
        return done

    def tell(self, url: str, form: Form, last: bool) -> None:
        """Send a status callback without waiting, each call's in order; `last` says that the call has ended."""
        sid = form["CallSid"]
        if self.faults.reorder:
            held = self._held.setdefault(sid, [])
            held.append((url, form))
            if not last:
                return
            ready = list(reversed(self._held.pop(sid)))
        else:
            ready = [*self._held.pop(sid, []), (url, form)]
        for item in ready:
            self._line(sid).put(item)
        if last:
            self._line(sid).put(None)

    def settle(self, within_s: float = 10.0) -> None:
        """Wait until all that was told has been posted: calls that live on go on telling."""
        deadline = time.monotonic() + within_s
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))

    def _line(self, sid: str) -> queue.Queue[tuple[str, Form] | None]:
        if sid not in self._lines:
            self._lines[sid] = queue.Queue()
            self._start(self._work, self._lines[sid])
        return self._lines[sid]

    def _start(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _work(self, line: queue.Queue[tuple[str, Form] | None]) -> None:
        while (item := line.get()) is not None:
            url, form = item
            if self.faults.lose(form):
                self.lost.append(form)
                continue
            if self.faults.late(form):
                self._start(self._post_late, url, form)
                continue
            self.post(url, form)
            if self.faults.double(form):
                self.post(url, form)

    def _post_late(self, url: str, form: Form) -> None:
        time.sleep(self.faults.late_s)
        self.post(url, form)
