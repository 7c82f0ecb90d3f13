"""What a capture of a patient's leg may hold, and what it may not."""

from __future__ import annotations

import re
from collections.abc import Set

NAMES_PEOPLE = re.compile(r"(Diversion|History-Info|Remote-Party-ID|Privacy|Subject|Call-Info|Organization):")
OF_BROWSERS = {"ice-", "candidate", "fingerprint", "aiortc", "mozilla", "chrom"}
LOCAL = "127.0.0.1"


def betrayed(text: str, words: Set[str]) -> set[str]:
    """Which of these words stand in a text, whatever its case."""
    return {word for word in words if word.lower() in text.lower()}


def words_of(offer: str) -> set[str]:
    """What an offer holds that is of its browser alone: its addresses, secrets, names and random numbers."""
    named = r"a=ice-ufrag:(\S+)|a=ice-pwd:(\S+)|a=fingerprint:\S+ (\S+)|cname:(\S+)|a=ssrc:(\d+)|a=msid:\S+ (\S+)"
    words = {word for found in re.findall(named, offer) for word in found if len(word) > 3}
    addresses = set(re.findall(r"a=candidate:\S+ \d \w+ \d+ (\S+) ", offer)) - {LOCAL}
    assert len(words) >= 4
    return words | addresses | OF_BROWSERS


def check_headers(said: str, shown: str, domain: str) -> None:
    """Requests of ours name the clinic alone; descriptions name nobody; no header tells of others."""
    fields = [line.strip() for line in said.splitlines()]
    for method in ("INVITE", "ACK", "BYE"):
        assert f"Method: {method}" in fields, fields
    assert f"P-Asserted-Identity: <sip:{shown}@{domain}>" in fields
    ours = [line for line in fields if line.startswith("From: ") and shown in line]
    assert ours and all(line.startswith(f"From: <sip:{shown}@{domain}>;tag=") for line in ours)
    assert "User-Agent: Curbside" in fields
    assert not [line for line in fields if NAMES_PEOPLE.match(line)]
    assert "Session Name (s): -" in fields
    assert [line for line in fields if line.startswith("Owner/Creator, Session Id (o): - ")]
