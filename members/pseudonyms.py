"""Pseudonyms: two plain words, drawn anew for every thread, so that a name says nothing about its bearer."""

import secrets

from members.words import FIRST, SECOND


def draw() -> str:
    """Return a word pair such as "Quiet harbour", drawn with `secrets`. Whether it is free, the table says."""
    return f"{secrets.choice(FIRST).capitalize()} {secrets.choice(SECOND)}"
