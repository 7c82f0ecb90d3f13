"""Calls that ended before now: final where it was said how they went, else once the time for that is over."""

from datetime import timedelta
from typing import Any

from django.db import migrations

WAITED = timedelta(hours=72)  # the handler waits on where the setting says more
BATCH = 1000


def end(apps: Any, schema_editor: Any) -> None:
    """Close for good what nothing is said of any more, and set the timer of the others."""
    call, stream, timer = (apps.get_model(*name) for name in
                           (("voice", "Call"), ("realtime", "Stream"), ("realtime", "Timer")))
    ended = call.objects.filter(ended_at__isnull=False, stream__state="closed")
    stream.objects.filter(pk__in=ended.filter(outcome__isnull=False).values("pk")).update(state="final")
    rows = ended.filter(outcome__isnull=True).values_list("pk", "ended_at").order_by("pk")
    timers = [timer(kind="call.final", subject=pk, due_at=ended_at + WAITED) for pk, ended_at in rows.iterator(BATCH)]
    timer.objects.bulk_create(timers, BATCH, ignore_conflicts=True)


class Migration(migrations.Migration):
    """Data alone."""

    dependencies = [("voice", "0005_numbers_that_the_carrier_checked"), ("realtime", "0003_events_without_constraints")]
    operations = [migrations.RunPython(end, migrations.RunPython.noop, elidable=True)]
