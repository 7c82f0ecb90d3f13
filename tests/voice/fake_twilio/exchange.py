"""The exchange: phones, calls, conferences, caller IDs; what its account may do and what it refuses."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any

from tests.voice.fake_twilio.callbacks import Poster
from tests.voice.fake_twilio.calls import APPLICATION_ERROR, ENDED, Call, Left, Over, Redirected
from tests.voice.fake_twilio.document import NotTwiml, Verb, read
from tests.voice.fake_twilio.world import Faults, Phone


class Refused(Exception):
    """A REST request is refused with Twilio's code; its text holds the number, as Twilio's texts do."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


class Conference:
    """A room. Those who are in it hear each other once somebody came who starts it."""

    def __init__(self, name: str) -> None:
        self.sid = "CF" + secrets.token_hex(16)
        self.name = name
        self.members: dict[str, tuple[Call, Verb]] = {}
        self.met: set[frozenset[str]] = set()
        self.status = "init"
        self._lock = threading.Lock()

    def hold(self, call: Call, noun: Verb) -> None:
        """Keep a call in the room until it or the room ends. Raises Left, Over, Redirected."""
        with self._lock:
            self.members[call.sid] = (call, noun)
            if noun.get("startConferenceOnEnter", "true") == "true":
                self.status = "in-progress"
            if len(self.members) > 1 and self.status == "in-progress":
                self.met.add(frozenset(member.to for member, _ in self.members.values()))
        try:
            call.wait_for_ever()
        finally:
            self.leave(call)

    def leave(self, call: Call) -> None:
        """Take a call out; where it was one that ends the room, all others leave too."""
        with self._lock:
            _, noun = self.members.pop(call.sid, (None, None))
            if noun is None:
                return
            others = [member for member, _ in self.members.values()]
            if noun.get("endConferenceOnExit", "false") == "true":
                self.status = "completed"
        if self.status == "completed":
            for other in others:
                other.interrupt(Left())


class Exchange:
    """Twilio behind its REST interface."""

    def __init__(self, account: str, poster: Poster, faults: Faults, pace: float) -> None:
        self.account = account
        self.poster = poster
        self.faults = faults
        self.pace = pace
        self.phones: dict[str, Phone] = {}
        self.owned: set[str] = set()
        self.validated: dict[str, str] = {}
        self.calls: dict[str, Call] = {}
        self.rooms: dict[str, Conference] = {}
        self.application_errors: list[str] = []
        self._lock = threading.Lock()

    # --- REST ---
    def create(self, wanted: Mapping[str, Any], *, rings: bool = True) -> Call:
        """Take an order for a call. Raises Refused."""
        phone = self.phones.get(str(wanted["To"]))
        if phone is None or phone.then == "invalid":
            raise Refused(400, 21211, f"The phone number you are attempting to call, {wanted['To']}, is not valid.")
        if wanted["From"] not in self.owned | set(self.validated):
            raise Refused(400, 21210, f"The source phone number provided, {wanted['From']}, is not yet verified.")
        call = Call(self, wanted, phone)
        with self._lock:
            self.calls[call.sid] = call
        if rings:
            call.start()
        return call

    def update(self, sid: str, wanted: Mapping[str, Any]) -> Call:
        """Hang a call up or give it new instructions. Raises Refused."""
        call = self.found(sid)
        if call.status in ENDED:
            raise Refused(400, 21220, f"Call {sid} is not in-progress. Cannot redirect.")
        if "Status" in wanted:
            if wanted["Status"] == "completed" or call.status != "in-progress":
                call.interrupt(Over("completed" if call.status == "in-progress" else "canceled"))
            return call
        if call.status != "in-progress":
            raise Refused(400, 21220, f"Call {sid} is not in-progress. Cannot redirect.")
        try:
            verbs = read(str(wanted["Twiml"])) if "Twiml" in wanted else self.fetch(call, str(wanted["Url"]))
        except NotTwiml:
            raise Refused(400, 12100, "Document parse failure") from None
        call.interrupt(Redirected(verbs))
        return call

    def found(self, sid: str) -> Call:
        """A call. Raises Refused."""
        if sid not in self.calls:
            raise Refused(404, 20404, f"The requested resource /Calls/{sid}.json was not found")
        return self.calls[sid]

    def validate(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Call a number that shall become a caller ID, with a code to type. Raises Refused."""
        number = str(wanted["PhoneNumber"])
        if number in self.validated:
            raise Refused(400, 21450, f"Phone number already verified: {number}")
        code = f"{secrets.randbelow(10**6):06}"
        threading.Thread(target=self._validate, args=(number, dict(wanted), code), daemon=True).start()
        return {"account_sid": self.account, "call_sid": "CA" + secrets.token_hex(16),
                "friendly_name": str(wanted.get("FriendlyName", number)), "phone_number": number,
                "validation_code": code}

    def _validate(self, number: str, wanted: Mapping[str, Any], code: str) -> None:
        time.sleep((2 + float(wanted.get("CallDelay", 0))) * self.pace)
        phone = self.phones.get(number)
        good = phone is not None and phone.then == "answer" and phone.types_code and not phone.voicemail
        form = {"AccountSid": self.account, "CallSid": "CA" + secrets.token_hex(16), "Called": number, "To": number,
                "VerificationStatus": "success" if good else "failed"}
        if good:
            self.validated[number] = form["OutgoingCallerIdSid"] = "PN" + secrets.token_hex(16)
        if wanted.get("StatusCallback"):
            self.poster.post(str(wanted["StatusCallback"]), form)

    # --- what calls need ---
    def fetch(self, call: Call, url: str, more: Mapping[str, str] | None = None) -> list[Verb]:
        """Ask us for a call's next document; what is none is heard as an application error."""
        answer = self.poster.post(url, call.form(**(more or {})))
        try:
            if answer.status != 200:
                raise NotTwiml(f"answered {answer.status}")
            return read(answer.body)
        except NotTwiml as error:
            self.application_errors.append(str(error))
            return [Verb("Say", {}, APPLICATION_ERROR), Verb("Hangup", {}, "")]

    def conference(self, name: str) -> Conference:
        """The room of this name that is not over, a new one where there is none."""
        with self._lock:
            room = self.rooms.get(name)
            if room is None or room.status == "completed":
                room = self.rooms[name] = Conference(name)
            return room

    def leave_all(self, call: Call) -> None:
        """Take a call that ends out of every room."""
        for room in list(self.rooms.values()):
            room.leave(call)

    def dial_out(self, parent: Call, dial: Verb, noun: Verb) -> None:
        """`<Dial><Number>`: a child call, joined with its parent when it answers and has followed its own document.

        Raises Left when the two have ended, Over and Redirected as everything that waits.
        """
        phone = self.phones.get(noun.text, Phone(then="unreachable"))
        wanted = {"To": noun.text, "From": dial.get("callerId") or parent.from_, "Timeout": dial.get("timeout", "30"),
                  "Url": noun.get("url")}
        child = Child(self, wanted, phone, parent)
        with self._lock:
            self.calls[child.sid] = child
        child.start()
        try:
            parent.wait_for_ever()
        except Left:
            parent.dial_status = child.dial_status
            raise
        finally:
            if child.status not in ENDED:
                child.interrupt(Over("completed" if child.status == "in-progress" else "canceled"))

    def call_in(self, number: str, to: str, url: str, ended: str) -> Call:
        """Somebody calls a number of this account, whose voice address is `url`, and whose status address `ended`."""
        phone = self.phones.setdefault(number, Phone(keys=[]))
        call = Call(self, {"To": to, "From": number, "StatusCallback": ended}, phone, direction="inbound")
        with self._lock:
            self.calls[call.sid] = call
        threading.Thread(target=call.run_incoming, args=(url,), daemon=True).start()
        return call


class Child(Call):
    """A call made by `<Dial><Number>`: after its own document it is joined with its parent."""

    def __init__(self, exchange: Exchange, wanted: Mapping[str, Any], phone: Phone, parent: Call) -> None:
        super().__init__(exchange, wanted, phone, direction="outbound-dial", parent=parent.sid)
        self.above = parent
        self.dial_status = "no-answer"

    def run(self) -> None:
        """Ring, answer, hear the whisper if there is one, talk."""
        try:
            self._ring()
            self._answer()
            if self.wanted["Url"]:
                self._follow_all(self.exchange.fetch(self, str(self.wanted["Url"])))
            self.dial_status = "completed"
            self.exchange.conference(f"dial-{self.sid}").met.add(frozenset({self.to, self.above.from_}))
            self.wait_for_ever()
        except Over as over:
            if self.dial_status != "completed":
                self.dial_status = over.status if self.answered_at is None else "no-answer"
            self._end(over.status)
            self.above.interrupt(Left())
