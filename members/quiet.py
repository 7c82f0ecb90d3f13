"""Quiet hours and the day of a member, in that member's own time zone. Pure: the instant is an argument."""

from datetime import datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo | None:
    """Return a time zone of the IANA database, None for a name that is not one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def local(now: datetime, time_zone: str) -> datetime:
    """Return an instant as the member's wall clock shows it."""
    return now.astimezone(zone(time_zone) or ZoneInfo("UTC"))


def is_quiet(now: datetime, time_zone: str, begins: time | None, ends: time | None) -> bool:
    """Return whether quiet hours hold; they begin with `begins` and are over at `ends`, across midnight too.

    Equal times mean the whole day.
    """
    if begins is None or ends is None:
        return False
    clock = local(now, time_zone).time().replace(tzinfo=None)
    if begins < ends:
        return begins <= clock < ends
    return clock >= begins or clock < ends


def day_began(now: datetime, time_zone: str) -> datetime:
    """Return the instant of the last midnight on the member's wall clock."""
    # The first of two midnights, where a clock is put back over one: the day has begun then.
    return local(now, time_zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
