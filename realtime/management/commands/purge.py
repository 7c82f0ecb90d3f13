"""``manage.py purge``: erase text whose retention time is over, and remove rows that nothing needs. Run it daily."""

import time
from typing import Any

from django.core.management.base import BaseCommand

from realtime import retention
from realtime.models import Purge

TRIES = 10
PAUSE_S = 0.3


class Command(BaseCommand):
    """Erase what is due."""

    help = "Erase text older than CURBSIDE_KEEP_…_DAYS, but nothing unread and nothing under a legal hold. May be " \
        "broken off and run again, beside running servers."

    def handle(self, *args: Any, **options: Any) -> None:
        """Work in batches, saying after each how far it is."""
        run = retention.purge(self._say)
        self.stdout.write(f"done: {shown(run)}, {run.rows} rows that nothing needs")
        self._scrub()

    def _say(self, run: Purge) -> None:
        self.stdout.write(shown(run))
        self.stdout.flush()
        time.sleep(0.01)  # a server that wants to write comes first

    def _scrub(self) -> None:
        for _ in range(TRIES):
            if retention.scrub():
                return
            time.sleep(PAUSE_S)
        self.stderr.write("the write-ahead log still holds what was erased, since somebody reads; run purge again")


def shown(run: Purge) -> str:
    """Return a run in words."""
    return (f"{run.streams} threads with {run.events} texts and {run.previews} previews erased, "
            f"{run.kept_unread} kept unread, {run.kept_held} kept under a hold")
