"""The calls of the fake Twilio: one thread each, that rings its phone, fetches our document and follows it."""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from tests.voice.fake_twilio.document import NotTwiml, Verb, read
from tests.voice.fake_twilio.streams import Session
from tests.voice.fake_twilio.world import Phone

if TYPE_CHECKING:
    from tests.voice.fake_twilio.exchange import Exchange

ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
EVENT_OF = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
SIP_CODE = {"completed": "200", "busy": "486", "no-answer": "487", "canceled": "487", "failed": "480"}
APPLICATION_ERROR = "We are sorry. An application error has occurred. Goodbye."


class Over(Exception):
    """The call ends now; `status` is what Twilio calls its end."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class Redirected(Exception):
    """New instructions came by REST while the call was doing something else."""

    def __init__(self, verbs: list[Verb]) -> None:
        super().__init__()
        self.verbs = verbs


class Left(Exception):
    """The conference or the other side ended; the document goes on."""


class Call(threading.Thread):
    """One call. Only its own thread changes its status; others speak to it through `interrupt`."""

    def __init__(self, exchange: Exchange, wanted: Mapping[str, Any], phone: Phone, *, direction: str = "outbound-api",
                 parent: str | None = None) -> None:
        super().__init__(daemon=True)
        self.exchange = exchange
        self.sid = "CA" + secrets.token_hex(16)
        self.to, self.from_ = str(wanted["To"]), str(wanted["From"])
        self.wanted = wanted
        self.phone = phone
        self.direction = direction
        self.parent = parent
        self.status = "queued"
        self.created = time.time() + exchange.faults.clock_s
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.heard: list[str] = []
        self.statuses: list[str] = []
        self.streams: list[Session] = []
        self.dial_status = ""
        self._sequence = 0
        self._interrupts: queue.Queue[Exception] = queue.Queue()

    # --- what others may do to it ---
    def interrupt(self, what: Exception) -> None:
        """Have the call's own thread raise this where it waits."""
        self._interrupts.put(what)

    def hang_up(self) -> None:
        """The person at the phone hangs up."""
        self.interrupt(Over("completed"))

    # --- its life ---
    def run(self) -> None:
        """From the first ring to the last callback."""
        try:
            self._ring()
            self._answer()
            self._follow_all(self.exchange.fetch(self, str(self.wanted["Url"])))
            raise Over("completed")
        except Over as over:
            self._end(over.status)

    def run_incoming(self, url: str) -> None:
        """The life of a call that came in: it is answered by the document, not by a phone."""
        try:
            self.status = "ringing"
            verbs = self.exchange.fetch(self, url)
            if verbs and verbs[0].name == "Reject":
                raise Over("busy")
            self.status, self.answered_at = "in-progress", time.time()
            self._follow_all(verbs)
            raise Over("completed")
        except Over as over:
            self._end(over.status)

    def _ring(self) -> None:
        self._become("initiated")
        if self.phone.then == "unreachable":
            raise Over("failed")
        self.phone.saw.append(self.from_)
        self._become("ringing")
        patience = float(self.wanted.get("Timeout", 60))
        try:
            self.wait(min(self.phone.rings_s, patience))
            if self.phone.rings_s > patience or self.phone.then == "silent":
                self.wait(max(0.0, patience - self.phone.rings_s))
                raise Over("no-answer")
        except Over as over:
            raise Over("canceled" if over.status == "completed" else over.status) from None
        if self.phone.then in ("busy", "decline"):
            raise Over("busy")

    def _answer(self) -> None:
        self.answered_at = time.time()
        self._become("in-progress")
        if self.phone.stays_s is not None:
            timer = threading.Timer(self.phone.stays_s * self.exchange.pace, self.hang_up)
            timer.daemon = True
            timer.start()

    def _follow_all(self, verbs: list[Verb]) -> None:
        while True:
            try:
                self._follow(verbs)
                return
            except Redirected as redirected:
                verbs = redirected.verbs

    def _follow(self, verbs: list[Verb]) -> None:
        for verb in verbs:
            getattr(self, f"_do_{verb.name.lower()}")(verb)
        self.wait(0)

    def _do_say(self, verb: Verb) -> None:
        self.heard.append(verb.text)
        self.phone.heard.append(verb.text)
        self.wait(0.05)

    def _do_pause(self, verb: Verb) -> None:
        self.wait(float(verb.get("length", "1")))

    def _do_hangup(self, verb: Verb) -> None:
        raise Over("completed")

    def _do_redirect(self, verb: Verb) -> None:
        raise Redirected(self.exchange.fetch(self, verb.text))

    def _do_gather(self, verb: Verb) -> None:
        for inside in verb.inside:
            getattr(self, f"_do_{inside.name.lower()}")(inside)
        key = self.phone.next_key()
        patience = float(verb.get("timeout", "5"))
        if not key or self.phone.presses_after_s > patience:
            self.wait(patience)
            return
        self.wait(self.phone.presses_after_s)
        digits = key[: int(verb.get("numDigits", "99"))]
        raise Redirected(self.exchange.fetch(self, verb.get("action"), {"Digits": digits, "msg": "Gather End"}))

    def _do_dial(self, verb: Verb) -> None:
        for noun in verb.inside:
            try:
                if noun.name == "Conference":
                    self.exchange.conference(noun.text).hold(self, noun)
                else:
                    self.exchange.dial_out(self, verb, noun)
            except Left:
                continue
        if verb.get("action"):
            form = {"DialCallStatus": self.dial_status or "completed"}
            raise Redirected(self.exchange.fetch(self, verb.get("action"), form))

    def _do_connect(self, verb: Verb) -> None:
        [noun] = verb.inside
        session = Session(self, noun)
        self.streams.append(session)
        session.run()

    def wait(self, seconds: float) -> None:
        """Wait as long as Twilio would, at the fake's pace. Raises what others interrupt it with."""
        self.pause(seconds * self.exchange.pace)

    def pause(self, seconds: float) -> None:
        """Wait in real time. Raises what others interrupt it with."""
        try:
            raise self._interrupts.get(timeout=max(seconds, 0.001))
        except queue.Empty:
            return

    def wait_for_ever(self) -> None:
        """Wait until somebody interrupts."""
        raise self._interrupts.get()

    # --- what it tells ---
    def form(self, **more: str) -> dict[str, str]:
        """The fields that every request about this call has."""
        base = {
            "CallSid": self.sid, "AccountSid": self.exchange.account, "From": self.from_, "To": self.to,
            "Caller": self.from_, "Called": self.to, "CallStatus": self.status, "ApiVersion": "2010-04-01",
            "Direction": self.direction,
        }
        return base | ({"ParentCallSid": self.parent} if self.parent else {}) | more

    def resource(self) -> dict[str, Any]:
        """The call as REST shows it."""
        path = f"/2010-04-01/Accounts/{self.exchange.account}/Calls/{self.sid}"
        return {
            "sid": self.sid, "account_sid": self.exchange.account, "to": self.to, "to_formatted": self.to,
            "from": self.from_, "from_formatted": self.from_, "parent_call_sid": self.parent,
            "phone_number_sid": None, "status": "ringing" if self.status == "initiated" else self.status,
            "start_time": _rfc2822(self.answered_at), "end_time": _rfc2822(self.ended_at),
            "duration": self._duration() if self.ended_at else None, "price": None, "price_unit": "USD",
            "direction": self.direction, "answered_by": None, "api_version": "2010-04-01", "forwarded_from": None,
            "group_sid": None, "caller_name": None, "queue_time": "0", "trunk_sid": None, "uri": path + ".json",
            "date_created": _rfc2822(self.created), "date_updated": _rfc2822(self.ended_at or self.created),
            "subresource_uris": {},
        }

    def _become(self, status: str) -> None:
        self.status = status
        self._tell(status, last=False)

    def _end(self, status: str) -> None:
        self.exchange.leave_all(self)
        self.status, self.ended_at = status, time.time()
        self._tell(status, last=True)

    def _tell(self, status: str, *, last: bool) -> None:
        self.statuses.append(status)
        sequence, self._sequence = self._sequence, self._sequence + 1
        url = str(self.wanted.get("StatusCallback", ""))
        events = self.wanted.get("StatusCallbackEvent") or ["completed"]
        if not url or EVENT_OF.get(status, "completed") not in events:
            return
        more = {"SequenceNumber": str(sequence), "CallbackSource": "call-progress-events",
                "Timestamp": formatdate(usegmt=True)}
        if last:
            more |= {"CallDuration": self._duration(), "SipResponseCode": SIP_CODE[status]}
        self.exchange.poster.tell(url, self.form(**more), last)

    def _duration(self) -> str:
        if self.answered_at is None or self.ended_at is None:
            return "0"
        return str(round((self.ended_at - self.answered_at) / self.exchange.pace))


def _rfc2822(at: float | None) -> str | None:
    return formatdate(at, usegmt=False).replace("-0000", "+0000") if at else None


__all__ = ["APPLICATION_ERROR", "Call", "ENDED", "Left", "NotTwiml", "Over", "Redirected", "read"]
