"""What our documents say to Twilio, read back: the verbs of TwiML that Curbside uses, and an error for any other.

Source: Twilio, "TwiML for Programmable Voice". Strict where Twilio is: an unknown verb, noun or attribute is refused.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from urllib.parse import urlsplit

ATTRIBUTES: dict[str, set[str]] = {
    "Response": set(),
    "Say": {"language", "voice", "loop"},
    "Pause": {"length"},
    "Gather": {"numDigits", "timeout", "action", "method", "actionOnEmptyResult", "input", "finishOnKey"},
    "Dial": {"action", "method", "timeout", "callerId", "record", "timeLimit", "answerOnBridge"},
    "Conference": {"beep", "startConferenceOnEnter", "endConferenceOnExit", "waitUrl", "record", "maxParticipants"},
    "Number": {"url", "method", "statusCallback", "statusCallbackEvent", "statusCallbackMethod"},
    "Connect": {"action", "method"},
    "Stream": {"url", "name", "track", "statusCallback", "statusCallbackMethod"},
    "Parameter": {"name", "value"},
    "Redirect": {"method"},
    "Hangup": set(),
    "Reject": {"reason"},
}
NESTED = {"Response": set(ATTRIBUTES) - {"Response", "Conference", "Number", "Stream", "Parameter"},
          "Gather": {"Say", "Pause"}, "Dial": {"Conference", "Number"}, "Connect": {"Stream"}, "Stream": {"Parameter"}}
PARAMETER_MOST = 500
"""Of a parameter of a stream, its name and its value together."""


class NotTwiml(Exception):
    """The document is not one that Twilio would follow."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One element: its name, attributes, text, and what stands in it."""

    name: str
    attributes: dict[str, str]
    text: str
    inside: list[Verb] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        """An attribute."""
        return self.attributes.get(name, default)


def read(document: str) -> list[Verb]:
    """The verbs of a document in order. Raises NotTwiml."""
    try:
        root = ET.fromstring(document)
    except ET.ParseError:
        raise NotTwiml("not XML") from None
    if root.tag != "Response":
        raise NotTwiml("no <Response>")
    return _verb(root).inside


def _verb(element: ET.Element) -> Verb:
    if element.tag not in ATTRIBUTES:
        raise NotTwiml(f"<{element.tag}> is no verb that this fake knows")
    unknown = set(element.attrib) - ATTRIBUTES[element.tag]
    if unknown:
        raise NotTwiml(f"<{element.tag}> has no attribute {sorted(unknown)}")
    url = urlsplit(element.get("url", ""))
    if element.tag == "Stream" and (url.query or not (url.scheme == "wss" or url.hostname == "127.0.0.1")):
        raise NotTwiml("a stream goes to wss, without a query")
    if element.tag == "Parameter" and sum(map(len, element.attrib.values())) > PARAMETER_MOST:
        raise NotTwiml("a parameter of a stream is too long")
    inside = [_verb(child) for child in element]
    misplaced = {verb.name for verb in inside} - NESTED.get(element.tag, set())
    if misplaced:
        raise NotTwiml(f"{sorted(misplaced)} may not stand in <{element.tag}>")
    return Verb(element.tag, dict(element.attrib), (element.text or "").strip(), inside)
