"""``manage.py verify_summary < summary.txt``: whether a consult summary is genuine, and what was changed since."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consults import issuing
from consults.summaries import PASTED_CHARS

_WORDS = {
    "changed": "a message was changed by its author",
    "withdrawn": "a message was withdrawn by its author",
    "reopened": "the consult was reopened",
}


class Command(BaseCommand):
    """Reads the pasted text from the standard input. Ends with an error for a text that is not genuine."""

    help = "Verify a consult summary pasted on the standard input"

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what is to be said of the text."""
        verdict = issuing.verify(sys.stdin.read(PASTED_CHARS))
        if not verdict.valid:
            raise CommandError("Not genuine: no summary with a valid signature was found in this text.")
        made = f", made {verdict.made_at:%Y-%m-%d %H:%M} UTC" if verdict.made_at else ""
        self.stdout.write(f"Genuine{made}.")
        for change in verdict.changes:
            self.stdout.write(f"Since then, {change.at:%Y-%m-%d %H:%M} UTC: {_WORDS[change.kind]}.")
        if verdict.made_at and not verdict.changes:
            self.stdout.write("Nothing was changed or withdrawn since.")
