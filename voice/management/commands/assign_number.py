"""``manage.py assign_number --clinic … < number``: a number that the service holds, shown for one clinic."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from realtime.protocol import Refusal
from voice.clinic_numbers import assign


class Command(BaseCommand):
    """The platform team's way; an administrator of the clinic approves the number before it is shown."""

    help = "Assign a number that the service holds to a clinic. The number is read from the standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--clinic", required=True, help="its id, as in the address of its page: /clinic/<id>")
        parser.add_argument("--vetted", action="store_true", help="the carrier has vetted the clinic's business: A")

    def handle(self, *args: Any, clinic: str, vetted: bool, **options: Any) -> None:
        """Assign it, or say why not."""
        try:
            assign(clinic, sys.stdin.readline().strip(), timezone.now(), vetted=vetted)
        except Refusal as refusal:
            raise CommandError(refusal.msg) from None
        self.stdout.write("assigned; an administrator of the clinic has to approve it")
