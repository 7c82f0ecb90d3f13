"""``manage.py pause_calls``: no call begins any more, until ``manage.py pause_calls --end``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from voice.models.policy import LONGEST_REASON
from voice.pauses import set_pause


class Command(BaseCommand):
    """For the operator when the web is not at hand; what two are talking goes on."""

    help = "Pause all calls, or with --end let them begin again"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        why = f"why, for every clinician to read: at most {LONGEST_REASON} characters"
        parser.add_argument("--reason", default="", help=why)
        parser.add_argument("--end", action="store_true", help="let calls begin again")

    def handle(self, *args: Any, end: bool, reason: str, **options: Any) -> None:
        """Pause or go on. Raises CommandError for a reason that is too long."""
        if len(reason) > LONGEST_REASON:
            raise CommandError(f"the reason is longer than {LONGEST_REASON} characters")
        set_pause(None, None, timezone.now(), on=not end, reason=reason)
        self.stdout.write("calls go on" if end else "all calls are paused")
