"""The nameless summary of a consult as text: written, signed, found again in what someone pasted, verified.

What a member wrote is indented, so no line of it can pass for a line of ours. The signature covers the text without
blank lines, line endings and trailing spaces, which a record system may change. Pure: the key is passed in; no
Django, no clock. Source: RFC 8032 (Ed25519).
"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

TITLE: Final = "Consult summary. Check your hospital's policy before filing it."
BEGIN: Final = "-----BEGIN CURBSIDE SIGNATURE-----"
FINISH: Final = "-----END CURBSIDE SIGNATURE-----"
PASTED_CHARS: Final = 400_000
_INDENT: Final = "    "
_SIGNATURE_COLUMNS: Final = 64
_URGENCIES: Final = {"now": "Now", "today": "Today", "no_hurry": "No hurry"}
_ENDS: Final = {
    "answered": "Answered",
    "no_reply": "Ended, no reply",
    "withdrawn": "Withdrawn by the one who asked",
    "nobody": "Nobody was available",
}
_OUTCOMES: Final = {
    "answered": "The question was answered",
    "partly": "The question was answered in part",
    "redirected": "Referred elsewhere",
    "unanswered": "The question was not answered",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One message: when, by whom as a label, what (None: withdrawn by its author), when it was last changed."""

    at: datetime
    by: str
    text: str | None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a summary says. `id` names this issue, `n` counts the issues of one consult."""

    id: str
    n: int
    made_at: datetime
    specialty: str
    urgency: str
    asked_by: str
    asked_at: datetime
    question: str
    ended_at: datetime
    end: str
    outcome: str
    note: str
    entries: tuple[Entry, ...]
    verify_at: str


@dataclass(frozen=True, slots=True)
class Found:
    """A summary found in pasted text: the issue's id, its canonical text and the signature."""

    id: str
    signed: bytes
    signature: bytes


def write(facts: Facts, key: bytes) -> str:
    """Return the summary as plain text with its signature block. `key` is an Ed25519 seed of 32 bytes."""
    body = "\n".join([*_head(facts), *_talk(facts), *_foot(facts)])
    block = [BEGIN, f"Id: {facts.id}"]
    signed = canonical("\n".join([body, *block]))
    signature = base64.b64encode(Ed25519PrivateKey.from_private_bytes(key).sign(signed)).decode()
    rows = [signature[i : i + _SIGNATURE_COLUMNS] for i in range(0, len(signature), _SIGNATURE_COLUMNS)]
    return "\n".join([body, *block, *rows, FINISH, ""])


def digest_of(text: str) -> bytes:
    """SHA-256 of a summary's text, whatever became of its blank space."""
    return sha256(canonical(text)).digest()


def canonical(text: str) -> bytes:
    """Return the text as it is signed: NFC, one line feed a line, no blank lines, no trailing space."""
    flat = unicodedata.normalize("NFC", text).replace("\u00a0", " ").replace("\ufeff", "")
    lines = (line.rstrip() for line in flat.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join(line for line in lines if line).encode()


def find(pasted: str) -> Found | None:
    """Return the first summary in a pasted text, whatever stands around it; None where there is no whole one."""
    lines = canonical(pasted[:PASTED_CHARS]).decode().split("\n")
    try:
        begin = lines.index(BEGIN)
        finish = lines.index(FINISH, begin)
        title = max(i for i in range(begin) if lines[i] == TITLE)
        word, _, issue = lines[begin + 1].partition(": ")
        signature = base64.b64decode("".join(lines[begin + 2 : finish]), validate=True)
    except (ValueError, IndexError, binascii.Error):
        return None
    if word != "Id" or not issue:
        return None
    return Found(issue, "\n".join(lines[title : begin + 2]).encode(), signature)


def is_genuine(found: Found, key: bytes) -> bool:
    """Whether it carries the signature of this service's key (an Ed25519 seed) over just this text."""
    public: Ed25519PublicKey = Ed25519PrivateKey.from_private_bytes(key).public_key()
    try:
        public.verify(found.signature, found.signed)
    except InvalidSignature:
        return False
    return True


def _head(facts: Facts) -> list[str]:
    outcome = _OUTCOMES.get(facts.outcome)
    return [
        TITLE,
        f"Curbside, issue {facts.n}, made {_minute(facts.made_at)}",
        "",
        f"Specialty: {facts.specialty}",
        f"Urgency: {_URGENCIES[facts.urgency]}",
        f"Asked: {_minute(facts.asked_at)}, by {facts.asked_by}",
        f"Ended: {_minute(facts.ended_at)}, {_ENDS[facts.end]}",
        *([f"Outcome: {outcome}"] if outcome else []),
        "",
        "Question",
        *_quote(facts.question),
        "",
    ]


def _talk(facts: Facts) -> list[str]:
    lines = []
    for entry in facts.entries:
        changed = f" (changed {_minute(entry.changed_at)})" if entry.changed_at else ""
        lines.append(f"{_minute(entry.at)}, {entry.by}{changed}")
        lines += ["(withdrawn by its author)"] if entry.text is None else _quote(entry.text)
        lines.append("")
    return lines or ["Nobody wrote anything.", ""]


def _foot(facts: Facts) -> list[str]:
    note = ["Closing note", *_quote(facts.note), ""] if facts.note else []
    return [
        *note,
        "Times are UTC. No person is named. Advice between colleagues; the treating clinician decides.",
        f"Verify this text, and whether anything was changed since, at {facts.verify_at}",
    ]


def _quote(text: str) -> list[str]:
    shown = "".join(ch for ch in text if ch in "\n\r\t" or unicodedata.category(ch) not in ("Cc", "Cf", "Cs"))
    return [_INDENT + line for line in shown.splitlines()] or [_INDENT]


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
