"""Telephone numbers wherever they may have got to: every usual spelling of one, and every cell of every table."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.peers.curbside import Deployment

BETWEEN = re.compile(r"[\s().\-/]+")

def spelled(e164: str) -> list[str]:
    """A number with its area in every usual spelling, from the international to what a person types."""
    n = e164.removeprefix("+1")
    area, office, line = n[:3], n[3:6], n[6:]
    return [
        e164, f"1{n}", f"001{n}", n, f"{area}-{office}-{line}", f"({area}) {office}-{line}", f"{area}.{office}.{line}",
        f"{area} {office} {line}", f"+1 {area} {office} {line}", f"+1 {area}-{office}-{line}", f"%2B1{n}",
        f"tel:{e164}",
    ]  # fmt: skip


def leaks(places: dict[str, str], numbers: Iterable[str]) -> list[str]:
    """Which number stands in which place, in any spelling, or as the same digits in a cell with anything between.

    The seven digits without the area count where they are a word, for within one they stand by chance now and then.
    """
    bare = {place: [BETWEEN.sub("", cell) for cell in text.split("\n")] for place, text in places.items()}
    found = []
    for e164 in numbers:
        long, short, n = spelled(e164), f"{e164[5:8]}-?{e164[8:]}", e164.removeprefix("+1")
        alone = re.compile(f"(?<![0-9A-Za-z]){short}(?![0-9A-Za-z])")
        found += [
            f"{e164[-4:]} in {place}" for place, text in places.items()
            if any(word in text for word in long) or alone.search(text) or any(n in cell for cell in bare[place])
        ]  # fmt: skip
    return found


def tables(deployment: Deployment) -> dict[str, str]:
    """Every table there is, cell by cell."""
    if deployment.database.startswith("sqlite"):
        names = deployment.query("SELECT name FROM sqlite_master WHERE type = 'table'")
    else:
        names = deployment.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    assert len(names) > 40, "the tables are not where they were"
    found = {}
    for (name,) in names:
        rows = deployment.query(f'SELECT * FROM "{name}"')
        cells = [bytes(v).decode("latin-1").replace("\n", " ") if isinstance(v, bytes | memoryview) else str(v)
                 for row in rows for v in row]  # fmt: skip
        found[f"table {name}"] = "\n".join(cells)
    return found
