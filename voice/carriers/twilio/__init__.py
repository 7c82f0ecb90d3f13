"""The carrier Twilio. Only this package imports ``twilio``; nothing of it leaves but our own words.

Each side of a call is a call of Twilio's own that asks us for documents: the clinician's asks for a key and then waits
in the call's room, the patient's enters the room when it answers. So dialling and bridging stay apart, and each leg has
a caller ID of its own. Addresses that Twilio is given hold the attempt's random reference and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from twilio.request_validator import RequestValidator

from voice.call import Cause, PromptKind
from voice.carriers.base import TIMEOUT_S, CarrierError, CarrierEvent, DialOrder, Forged, WebhookRequest
from voice.carriers.documents import Document, IncomingCall, Instruction, Route
from voice.carriers.lists import Listed
from voice.carriers.twilio import own_list, rest, rooms, twiml
from voice.carriers.twilio.codes import ENDED_ALREADY, KINDS, end_of

STATUS_EVENTS: Final = ["initiated", "ringing", "answered", "completed"]
RETRIES: Final = "#rc=3&rp=5xx,ct,rt"
"""Asks Twilio to try a webhook again when it fails or is late; it is no part of what is signed.
Source: Twilio, "Webhooks: connection overrides"."""

SPARE_S: Final = 60
"""How much longer than our own timers Twilio lets a leg live, so that ours come first."""

SWITCHBOARD_PAUSE: Final = "WW"
"""Two seconds before an extension is dialled: a switchboard does not listen at once."""

LISTED_MOST: Final = 1000
LOST_AMONG_MOST: Final = 5000
"""How many calls are looked through for a lost dial, a page of the size above after the other."""
WITHHELD: Final = frozenset({"+7378742833", "+2562533", "+8656696", "+266696687", "+86282452253"})
"""What Twilio sends in place of a number: RESTRICTED, BLOCKED, UNKNOWN, ANONYMOUS, UNAVAILABLE on a keypad.
Source: Twilio support, "Why am I getting calls from these strange numbers?"."""

_SID: Final = re.compile(r"CA[0-9a-fA-F]{32}")
_COUNT: Final = re.compile(r"[0-9]{1,9}")
"""What Twilio, or an address of ours, counts with: an `int` of more digits than it has ever had is nonsense."""
_CODE: Final = re.compile(r"[0-9]{6}")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


class Twilio:
    """One account at Twilio, as the settings name it."""

    name = "twilio"

    def __init__(self) -> None:
        if not (settings.CURBSIDE_TWILIO_ACCOUNT and settings.CURBSIDE_TWILIO_TOKENS):
            raise ImproperlyConfigured("Twilio needs CURBSIDE_TWILIO_ACCOUNT and CURBSIDE_TWILIO_TOKENS")
        self._account: str = settings.CURBSIDE_TWILIO_ACCOUNT
        self._validators = [RequestValidator(token) for token in settings.CURBSIDE_TWILIO_TOKENS]
        self._public: str = settings.CURBSIDE_WEBHOOK_URL
        self._client = rest.client(self._account, settings.CURBSIDE_TWILIO_TOKENS[0], settings.CURBSIDE_TWILIO_URL)

    # --- asking ------------------------------------------------------------------------------------------------------

    def dial(self, order: DialOrder) -> str:
        """Create the call that is this leg; Twilio asks for its document when it is answered."""
        wanted: dict[str, Any] = {
            "to": order.to,
            "from_": order.shown,
            "url": self._address("answered", order.reference) + RETRIES,
            "method": "POST",
            "status_callback": self._address("status", order.reference) + RETRIES,
            "status_callback_event": STATUS_EVENTS,
            "status_callback_method": "POST",
            "timeout": order.timeout_s,
            "time_limit": order.max_s + order.timeout_s + SPARE_S,
            "record": False,
        }
        if order.digits:
            wanted["send_digits"] = SWITCHBOARD_PAUSE + order.digits
        call = rest.ask(lambda: self._client.calls.create(**wanted))
        if not _SID.fullmatch(str(call.sid)):
            raise CarrierError("Twilio did not name the call", permanent=False, cause=Cause.UNCERTAIN)
        return str(call.sid)

    def answer(self, carrier_id: str) -> None:
        """Nothing is left to do: an incoming call is answered by the document that its webhook was given."""

    def prompt(self, carrier_id: str, what: PromptKind, language: str) -> None:
        """Say that nobody was reached, and end. The other two were said in the leg's own documents."""
        if what == "unavailable":
            self._update(carrier_id, twiml=twiml.unavailable(language))

    def bridge(self, clinician_id: str, patient_id: str, room: str) -> None:
        """See that both legs are in the room, which they entered by their documents; take in who is not.

        Where one has ended meanwhile the other is left alone: it would wait in an empty room.
        """
        with rest.within(TIMEOUT_S):
            missing = rooms.missing(self._client, {clinician_id, patient_id}, room)
            if missing and all(self._talks(carrier_id) for carrier_id in (clinician_id, patient_id)):
                document = twiml.rejoin(room, int(settings.CURBSIDE_CALL_SPANS["max_duration"]))
                for carrier_id in sorted(missing):
                    self._update(carrier_id, twiml=document)

    def hangup(self, carrier_id: str) -> None:
        """End a leg, whether it rings or talks."""
        self._update(carrier_id, status="completed")

    def fetch(self, reference: str, carrier_id: str | None, *, order: DialOrder | None = None,
              asked: tuple[datetime, datetime] | None = None, known: Collection[str] = ()) -> list[CarrierEvent]:
        """Ask how a leg stands. Twilio keeps no name of ours, so without its id it is looked for in the list of calls.

        There it is known by both numbers of `order` and by when it was made; two that fit are as good as none. Numbers
        are compared here and are never part of a request's address.
        """
        if carrier_id:
            try:
                return [self._event(reference, rest.ask(lambda: self._client.calls(carrier_id).fetch()))]
            except CarrierError as error:
                if error.provider_code == "20404":
                    return []
                raise
        if order is None or asked is None:
            return []
        # From its earliest second on and no further than now: one that waited in Twilio's queue was dialled later than
        # it was made. What is not listed may fit too, so a list that was cut off says nothing.
        with rest.within(TIMEOUT_S):
            listed = rest.ask(lambda: self._client.calls.list(
                start_time_after=asked[0].astimezone(UTC), limit=LOST_AMONG_MOST, page_size=LISTED_MOST))
        if len(listed) == LOST_AMONG_MOST:
            return []
        fits = [
            call for call in listed
            if call.to == order.to and call._from == order.shown and call.sid not in known  # noqa: SLF001  (its name there)
            and call.direction == "outbound-api" and call.date_created and asked[0] <= call.date_created <= asked[1]
        ]  # fmt: skip
        return [self._event(reference, fits[0])] if len(fits) == 1 else []

    def listed(self, since: datetime, until: datetime) -> Iterator[Listed]:
        """Yield the calls of a span, those that came in too."""
        return own_list.read_list(self._client, since, until)

    # --- caller IDs --------------------------------------------------------------------------------------------------

    def validate(self, number: str, name: str, extension: str = "", delay_s: int = 0) -> str:
        """Have Twilio call a number and return the code to be typed there."""
        wanted: dict[str, Any] = {"phone_number": number, "friendly_name": name, "call_delay": delay_s}
        if extension:
            wanted["extension"] = extension
        code = str(rest.ask(lambda: self._client.validation_requests.create(**wanted)).validation_code)
        if not _CODE.fullmatch(code):
            raise CarrierError("Twilio did not say its code", permanent=False, cause=Cause.UNCERTAIN)
        return code

    def validated(self) -> frozenset[str]:
        """Return the numbers that Twilio has validated for this account."""
        listed = rest.ask(lambda: self._client.outgoing_caller_ids.list(limit=LISTED_MOST, page_size=LISTED_MOST))
        return frozenset(str(one.phone_number) for one in listed)

    def withdraw(self, number: str) -> None:
        """Have Twilio forget that it validated a number."""
        with rest.within(TIMEOUT_S):
            listed = rest.ask(lambda: self._client.outgoing_caller_ids.list(limit=LISTED_MOST, page_size=LISTED_MOST))
            for one in listed:
                if one.phone_number == number:
                    rest.ask(one.delete)

    # --- webhooks ----------------------------------------------------------------------------------------------------

    def verify(self, request: WebhookRequest) -> None:
        """Hold the signature against the configured address, never against what the request calls itself."""
        url = self._public + request.path + (f"?{request.query}" if request.query else "")
        signature = request.headers.get("X-Twilio-Signature", "")
        if not any(validator.validate(url, dict(request.form), signature) for validator in self._validators):
            raise Forged
        if request.form.get("AccountSid") != self._account or not _SID.fullmatch(request.form.get("CallSid", "")):
            raise Forged

    def parse(self, request: WebhookRequest) -> list[CarrierEvent]:
        """Return what a status callback, a fetched document or a key press says of its leg."""
        what, reference, rest_of_path = _parts(request.path)
        form = request.form
        sid, now = form["CallSid"], datetime.now(UTC)
        if what == "answered":
            return [CarrierEvent(reference, sid, f"{sid}:answered", "answered", now)]
        if what == "key":
            if rest_of_path and not _COUNT.fullmatch(rest_of_path):
                return []
            key = f"{sid}:key:{rest_of_path}"
            return [CarrierEvent(reference, sid, key, "key", now, digits=form.get("Digits", "")[:16])]
        status, number = form.get("CallStatus", ""), form.get("SequenceNumber", "")
        if what != "status" or status not in KINDS or not _COUNT.fullmatch(number):
            return []
        kind = KINDS[status]
        sip, error = form.get("SipResponseCode", "")[:3], form.get("ErrorCode", "")[:5]
        cause = end_of(status, sip, error) if kind == "ended" else None
        at = _instant(form.get("Timestamp", ""), now)
        code = (error or sip) if kind == "ended" else ""
        return [CarrierEvent(reference, sid, f"{sid}:{number}", kind, at, cause, code, order=int(number))]

    # --- documents ---------------------------------------------------------------------------------------------------

    def asks(self, request: WebhookRequest) -> bool:
        """A status only tells; the addresses of a leg's documents ask."""
        return _parts(request.path)[0] != "status"

    def instruct(self, request: WebhookRequest, instruction: Instruction) -> Document:
        """Write what the leg shall do next, as the answer to a webhook that asks."""
        what, reference, n = _parts(request.path)
        prompts = int(n) if what == "key" and _COUNT.fullmatch(n) else 0
        again = self._address("key", reference, str(prompts + 1)) + RETRIES
        return twiml.instruct(instruction, again, prompts)

    def incoming(self, request: WebhookRequest) -> IncomingCall:
        """Return who calls whom."""
        form = request.form
        if form.get("Direction") != "inbound":
            raise Forged
        # A caller who withholds the number comes as a word or as one of Twilio's own placeholders.
        caller = form.get("From", "")
        caller = caller if _E164.fullmatch(caller) and caller not in WITHHELD else ""
        return IncomingCall(form["CallSid"], caller, form.get("To", ""))

    def pressed(self, request: WebhookRequest) -> str:
        """Return the keys of a `<Gather>`."""
        return request.form.get("Digits", "")[:16]

    def route(self, route: Route) -> Document:
        """Write where an incoming call goes."""
        place = route.reference, str(route.step)
        return twiml.route(route, self._address("accept", *place) + RETRIES, self._address("after", *place) + RETRIES)

    def accept(self, reference: str, step: int, language: str, *, accepted: bool) -> Document:
        """Write what is asked of one who answers on their own phone."""
        return twiml.accept(self._address("accept", reference, str(step)) + RETRIES, language, accepted=accepted)

    # --- sound over a socket -----------------------------------------------------------------------------------------

    def into_stream(self, carrier_id: str, url: str, token: str) -> None:
        """Give a leg a document by which it brings its sound to `url`, wherever it was."""
        self._update(carrier_id, twiml=twiml.bring(url, token))

    def into_room(self, carrier_id: str, room: str) -> None:
        """Give a leg the document that takes it into its room, wherever it was, and wait a while until it is there.

        A stream that it had ends by that.
        """
        with rest.within(TIMEOUT_S):
            self._update(carrier_id, twiml=twiml.rejoin(room, int(settings.CURBSIDE_CALL_SPANS["max_duration"])))
            rooms.missing(self._client, {carrier_id}, room, rooms.LOOKS_FOR_ONE_WHO_COMES)

    def genuine(self, url: str, headers: Mapping[str, str]) -> bool:
        """Hold the signature of a handshake against the address that Twilio was given, or that with a slash behind."""
        signature = headers.get("X-Twilio-Signature", "")
        spellings = (url, url.rstrip("/") + "/")
        return any(validator.validate(each, {}, signature) for validator in self._validators for each in spellings)

    # --- small things ------------------------------------------------------------------------------------------------

    def _address(self, what: str, *words: str) -> str:
        return "/".join([self._public + "/voice/twilio", what, *words])

    def _update(self, carrier_id: str, **wanted: str) -> None:
        try:
            rest.ask(lambda: self._client.calls(carrier_id).update(**wanted))
        except CarrierError as error:
            if error.provider_code not in {str(code) for code in ENDED_ALREADY}:
                raise

    def _talks(self, carrier_id: str) -> bool:
        return str(rest.ask(lambda: self._client.calls(carrier_id).fetch()).status) == "in-progress"

    def _event(self, reference: str, call: Any) -> CarrierEvent:
        status = str(call.status)
        kind = KINDS.get(status)
        if kind is None:
            raise CarrierError("Twilio does not say how the call stands", permanent=False, cause=Cause.UNCERTAIN)
        at = (call.end_time if kind == "ended" else call.start_time) or call.date_updated or datetime.now(UTC)
        cause = end_of(status) if kind == "ended" else None
        return CarrierEvent(reference, str(call.sid), f"{call.sid}:fetched:{status}", kind, at, cause)


def _parts(path: str) -> tuple[str, str, str]:
    """Return what the webhook is of, its reference, and what follows: /voice/twilio/<what>/<reference>[/<n>]."""
    words = [*path.strip("/").split("/"), "", "", ""]
    return words[2], words[3], words[4]


def _instant(said: str, now: datetime) -> datetime:
    """Return an instant as the carrier says it, ours where that makes no sense."""
    try:
        at = parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return now
    return at if at.tzinfo is not None and abs(at - now) < timedelta(hours=1) else now
