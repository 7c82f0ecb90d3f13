"""Numbers of the processes beside the web processes that carry calls: how many live, and whom they can reach."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Sum
from django.utils import timezone

from realtime.metrics import Gauge
from voice.models import MediaWorker
from voice.owning import DEAD


def read_gauges() -> Iterator[Gauge]:
    """Yield how many media workers live, with their calls, and how many SIP trunks they have and are connected to."""
    alive = MediaWorker.objects.filter(beat_at__gt=timezone.now() - DEAD)
    found = alive.aggregate(n=Count("pk"), calls=Sum("calls"), trunks=Sum("trunks"), up=Sum("trunks_up"))
    for name, says, value in (
        ("media_workers", "Media workers that live, of the whole installation.", found["n"]),
        ("media_calls", "Calls whose sound they carry.", found["calls"]),
        ("trunks", "SIP trunks that they have, each counted once for each of them.", found["trunks"]),
        ("trunks_up", "How many of those are connected.", found["up"]),
    ):
        yield name, says, float(value or 0)
