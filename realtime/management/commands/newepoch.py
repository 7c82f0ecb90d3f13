"""``manage.py newepoch``: after a database went back in time, so that no client trusts the numbers it holds."""

from typing import Any

from django.core.management.base import BaseCommand

from realtime.models import Stream, new_epoch


class Command(BaseCommand):
    """Give all streams a new epoch."""

    help = "Run once after a backup was restored or a replica promoted, before clients come back: numbers given out " \
        "since may be used a second time, and a client that holds them must load its streams anew."

    def handle(self, *args: Any, **options: Any) -> None:
        """Every process hears of it by its audit and sends its sockets to start again."""
        count = Stream.objects.update(epoch=new_epoch())
        self.stdout.write(f"{count} streams begin anew")
