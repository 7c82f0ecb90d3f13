"""What a rule finds: a stretch of text, what it is, why it may not stay, and what could stand there. Pure."""

from dataclasses import dataclass
from typing import Any, Final

REASONS: Final = {
    "phone": "This looks like a phone or fax number.",
    "email": "This looks like an email address.",
    "record_number": "This looks like a record, account or card number.",
    "national_id": "This looks like a social security or national identity number.",
    "date": "A full date can identify a patient. A year, or how long ago, can stay.",
    "url": "A web address can lead to a person.",
    "ip": "This looks like a network address.",
    "age": "An age over 89 can identify a patient.",
    "zip": "A full postal code can identify a patient. Its first three digits can stay.",
}


@dataclass(frozen=True, slots=True)
class Span:
    """A hit. `start` and `end` count Python code points; `rewrite` is None where only leaving it out helps."""

    start: int
    end: int
    category: str
    rewrite: str | None = None

    @property
    def reason(self) -> str:
        """The sentence for the author."""
        return REASONS[self.category]


def to_wire(text: str, spans: list[Span]) -> list[dict[str, Any]]:
    """Return spans for a client, whose offsets count UTF-16 code units as JavaScript's strings do.

    No text of the author is in them.
    """
    narrow = text.isascii()

    def units(index: int) -> int:
        return index if narrow else len(text[:index].encode("utf-16-le", "surrogatepass")) // 2

    return [
        {"start": units(span.start), "end": units(span.end), "category": span.category, "reason": span.reason,
         "rewrite": span.rewrite}
        for span in spans
    ]
