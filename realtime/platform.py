"""``GET /platform``: how all processes do, for the platform team. Numbers and names of processes, nothing of a thread.

`realtime` knows no roles: whoever asks is let in by Django's own mark of staff. Everybody else gets the answer of an
address that does not exist.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from realtime import holds
from realtime.instants import to_ms
from realtime.models import Pulse, Purge
from realtime.protocol import refuse
from realtime.pulse import EVERY_S, FORGOTTEN, KEPT, Sample
from realtime.views import REFUSED, Refused

SILENT: Final = timedelta(seconds=EVERY_S * 3)
WORST: Final = frozenset({"loop_ms", "ring_ms"})
"""Of these the worst process counts; of everything else the sum."""

router = Router(tags=["platform"])


class ProcessShown(Schema):
    """One process: `ready`, `draining`, or `silent` where it was not heard for three beats. Oldest sample first."""

    name: str
    pid: int
    build: str
    state: str
    began_at: int
    seen_at: int
    samples: list[Sample]


class PurgeShown(Schema):
    """The last run of the purge; `ended_at` is null while it runs, or if it was broken off."""

    began_at: int
    ended_at: int | None
    streams: int
    events: int
    previews: int
    kept_unread: int
    kept_held: int


class PlatformShown(Schema):
    """All processes, and `together` their samples added up, both every `every_s` seconds."""

    now: int
    every_s: float
    together: list[Sample]
    processes: list[ProcessShown]
    holds: int
    purge: PurgeShown | None


@router.get("/platform", response={200: PlatformShown, REFUSED: Refused}, summary="How all processes do, for staff")
def show_platform(request: HttpRequest) -> Any:
    """What every process did in its last five minutes. Open to the platform team; not found for everybody else."""
    auth: Any = getattr(request, "auth")  # noqa: B009  (set by the API's authentication)
    if not (auth.is_staff and auth.is_active):
        raise refuse("not_found")
    now = timezone.now()
    rows = list(Pulse.objects.filter(seen_at__gte=now - FORGOTTEN).order_by("name", "began_at"))
    living = [row for row in rows if row.seen_at >= now - SILENT]
    purge = Purge.objects.order_by("-pk").first()
    return {
        "now": to_ms(now), "every_s": EVERY_S, "together": together([row.samples for row in living], now),
        "processes": [_process(row, now) for row in rows], "holds": holds.standing_rows(now).count(),
        "purge": purge and _purge(purge),
    }


def together(all_samples: Sequence[Sequence[dict[str, Any]]], now: datetime) -> list[dict[str, Any]]:
    """Return the samples of several processes as one row of samples, by the beat in which each was taken.

    A process that has no sample in a beat counts with its last one before, if it began by then: beats of processes
    are not in step.
    """
    beats = range(KEPT)
    newest = to_ms(now)
    shown = []
    for back in reversed(beats):
        until = newest - int(back * EVERY_S * 1000)
        since = until - int(2 * EVERY_S * 1000)
        found = [_last(samples, since, until) for samples in all_samples]
        present = [sample for sample in found if sample is not None]
        if present:
            shown.append(_added(present, until))
    return shown


def _last(samples: Sequence[dict[str, Any]], since: int, until: int) -> dict[str, Any] | None:
    return next((sample for sample in reversed(samples) if since < sample["at"] <= until), None)


def _added(samples: list[dict[str, Any]], at: int) -> dict[str, Any]:
    names = [one.name for one in fields(Sample) if one.name != "at"]
    added = {name: (max if name in WORST else sum)(sample.get(name, 0) for sample in samples) for name in names}
    return {"at": at} | {name: round(value, 3) for name, value in added.items()}


def _process(row: Pulse, now: datetime) -> dict[str, Any]:
    return {"name": row.name, "pid": row.pid, "build": row.build, "began_at": to_ms(row.began_at),
            "seen_at": to_ms(row.seen_at), "state": row.state if row.seen_at >= now - SILENT else "silent",
            "samples": row.samples}


def _purge(row: Purge) -> dict[str, Any]:
    return {"began_at": to_ms(row.began_at), "ended_at": to_ms(row.ended_at) if row.ended_at else None,
            "streams": row.streams, "events": row.events, "previews": row.previews, "kept_unread": row.kept_unread,
            "kept_held": row.kept_held}
