"""``manage.py exportcdrs``: the call records as CSV, with masks and never a number."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.utils import timezone

from voice.exporting import csv_pages
from voice.listing import Filters


def instant(text: str) -> datetime:
    """Return an ISO 8601 instant or day; without a zone it is UTC. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else timezone.make_aware(at, timezone.get_default_timezone())


class Command(BaseCommand):
    """Write the records to standard output, the oldest first."""

    requires_system_checks: list[str] = []
    help = "Write call records as CSV to standard output: masks only, one line a call."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which records."""
        parser.add_argument("--clinic", type=UUID, help="of one clinic alone, by its id")
        parser.add_argument("--since", type=instant, help="calls that began then or later, ISO 8601")
        parser.add_argument("--until", type=instant, help="calls that began before, ISO 8601")

    def handle(self, *args: Any, clinic: UUID | None, since: datetime | None, until: datetime | None,
               **options: Any) -> None:
        """Write page by page, so that any number of records can be exported."""
        for page in csv_pages(Filters(since, until), clinic=clinic):
            self.stdout.write(page, ending="")
