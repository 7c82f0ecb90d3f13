"""``manage.py hold``: place, lift and list legal holds. What is held is not erased, whatever its age."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from realtime import holds
from realtime.models import Hold


class Command(BaseCommand):
    """Legal holds."""

    help = "Keep the text of a thread, or all text, past its retention time. Who and why are kept for good."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`place`, `lift` and `list`."""
        doings = parser.add_subparsers(dest="doing", required=True)
        placing = doings.add_parser("place", help="from now on nothing of it is erased")
        what = placing.add_mutually_exclusive_group(required=True)
        what.add_argument("--thread", help="the id in the thread's address")
        what.add_argument("--everything", action="store_true", help="all threads, and previews")
        placing.add_argument("--until", type=_day, help="a date, for a hold that ends by itself (UTC)")
        lifting = doings.add_parser("lift", help="the retention time counts again")
        lifting.add_argument("number", type=int)
        for one in (placing, lifting):
            one.add_argument("--by", required=True, help="who decides it")
            one.add_argument("--why", required=True)
        doings.add_parser("list", help="all holds, those that were lifted too")

    def handle(self, *args: Any, doing: str, **options: Any) -> None:
        """Do it and say what stands."""
        try:
            if doing == "place":
                made = holds.place(options["thread"], by=options["by"], why=options["why"], until=options["until"])
                self.stdout.write(shown(made))
            elif doing == "lift":
                self.stdout.write(shown(holds.lift(options["number"], by=options["by"], why=options["why"])))
            else:
                for hold in Hold.objects.order_by("pk"):
                    self.stdout.write(shown(hold))
        except holds.HoldError as error:
            raise CommandError(str(error)) from None


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)


def shown(hold: Hold) -> str:
    """Return one hold as a line."""
    what = f"thread {hold.stream_id}" if hold.stream_id else "everything"
    line = f"{hold.pk}: {what}, placed {hold.placed_at:%Y-%m-%d %H:%M} by {hold.placed_by}: {hold.why}"
    if hold.lifted_at:
        return f"{line}; lifted {hold.lifted_at:%Y-%m-%d %H:%M} by {hold.lifted_by}: {hold.lifted_why}"
    if hold.until and hold.until <= timezone.now():
        return f"{line}; ended {hold.until:%Y-%m-%d}"
    return f"{line}; stands" + (f" until {hold.until:%Y-%m-%d}" if hold.until else "")
