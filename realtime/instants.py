"""Instants as they stand on the wire and in the log. Pure."""

from datetime import datetime


def to_ms(at: datetime) -> int:
    """Return an instant in Unix milliseconds, rounded."""
    return round(at.timestamp() * 1000)
