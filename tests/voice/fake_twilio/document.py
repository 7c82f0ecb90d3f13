"""What our documents say to Twilio, read back: the verbs of TwiML that Curbside uses, and an error for any other.

Source: Twilio, "TwiML for Programmable Voice". Strict where Twilio is: an unknown verb, noun or attribute is refused.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

ATTRIBUTES: dict[str, set[str]] = {
    "Response": set(),
    "Say": {"language", "voice", "loop"},
    "Pause": {"length"},
    "Gather": {"numDigits", "timeout", "action", "method", "actionOnEmptyResult", "input", "finishOnKey"},
    "Dial": {"action", "method", "timeout", "callerId", "record", "timeLimit", "answerOnBridge"},
    "Conference": {"beep", "startConferenceOnEnter", "endConferenceOnExit", "waitUrl", "record", "maxParticipants"},
    "Number": {"url", "method", "statusCallback", "statusCallbackEvent", "statusCallbackMethod"},
    "Redirect": {"method"},
    "Hangup": set(),
    "Reject": {"reason"},
}
NESTED = {"Response": set(ATTRIBUTES) - {"Response", "Conference", "Number"}, "Gather": {"Say", "Pause"},
          "Dial": {"Conference", "Number"}}


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
    inside = [_verb(child) for child in element]
    misplaced = {verb.name for verb in inside} - NESTED.get(element.tag, set())
    if misplaced:
        raise NotTwiml(f"{sorted(misplaced)} may not stand in <{element.tag}>")
    return Verb(element.tag, dict(element.attrib), (element.text or "").strip(), inside)
