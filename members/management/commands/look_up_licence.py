"""``manage.py look_up_licence NUMBER``: what a registry says of a number, beside what a member says of themselves."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from members import taxonomy
from members.management.commands.import_registry import layout_of
from members.registry.layouts import LayoutError
from members.registry.matching import compare, look_up


class Command(BaseCommand):
    """Shows both side by side; whether that is enough is for a person to decide."""

    help = "Look a licence up in a registry that was imported, and compare name and specialty"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("number")
        parser.add_argument("--name", default="", help="as the member writes it")
        parser.add_argument("--specialty", choices=list(taxonomy.SPECIALTIES), default="")
        parser.add_argument("--mapping", type=Path, help="that of the registry; none: NPPES")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, or say why not."""
        try:
            layout = layout_of(options["mapping"])
        except LayoutError as error:
            raise CommandError(str(error)) from None
        entry = look_up(layout, options["number"])
        if entry is None:
            raise CommandError("the registry has no such number")
        for one in compare(layout, entry, options["name"], options["specialty"], timezone.now().date()):
            self.stdout.write(f"{one.verdict:8} {one.what:10} {one.said or '-'}  |  {one.found or '-'}")
        self.stdout.write(f"{'':8} {'licences':10} {entry.licences or '-'}")
