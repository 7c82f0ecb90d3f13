"""``manage.py pause_calls``: no call begins any more, until ``manage.py pause_calls --end``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from voice.pauses import set_pause


class Command(BaseCommand):
    """For the operator when the web is not at hand; what has begun goes on."""

    help = "Pause all calls, or with --end let them begin again"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--end", action="store_true", help="let calls begin again")

    def handle(self, *args: Any, end: bool, **options: Any) -> None:
        """Pause or go on."""
        set_pause(None, None, timezone.now(), on=not end)
        self.stdout.write("calls go on" if end else "all calls are paused")
