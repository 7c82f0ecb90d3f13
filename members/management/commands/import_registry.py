"""``manage.py import_registry FILE``: a registry's file into the database, on from where it stopped."""

import time
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from members.models import RegistryImport
from members.registry.importing import Busy, begin, finish, take_in
from members.registry.layouts import NPPES, Layout, LayoutError, read_layout
from members.registry.reading import Source, Wrong

EVERY_S: Final = 0.5
"""How often a terminal is told; what is no terminal is told at every twentieth part."""
WIDTH: Final = 30
SHOWN: Final = 20


class Command(BaseCommand):
    """Imports the NPPES monthly file (.zip or .csv), or another registry's by a mapping file."""

    help = "Import a registry of licences: NPPES, or another one by a mapping file; run it again to go on"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, help="a TOML file that says what the columns are; none: NPPES")
        parser.add_argument("--anew", action="store_true", help="begin at the first line, though half was imported")
        parser.add_argument("--shrink", action="store_true", help="remove entries though the file has few")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, or say why not."""
        self._told_at, self._twentieth, self._wrong = 0.0, -1, 0
        try:
            layout = layout_of(options["mapping"])
            source = Source.of(options["file"])
            run = begin(layout, source, timezone.now(), anew=options["anew"])
            if run.line > 1:
                self.stdout.write(f"going on at line {run.line:,}")
            self._began, self._offset = time.monotonic(), run.offset
            take_in(layout, source, run, self._tell, self._say_wrong)
            removed = finish(run, shrink=options["shrink"])
        except (LayoutError, Busy) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("stopped; the same command goes on from here") from None
        self.stdout.write(
            f"{run.registry}: {run.stored:,} entries stored, {run.wrong:,} lines left out, {removed:,} removed")

    def _tell(self, run: RegistryImport, size: int) -> None:
        part = run.offset / size if size else 1.0
        now, twentieth, live = time.monotonic(), int(part * 20), self.stdout.isatty()
        if live and now - self._told_at < EVERY_S and part < 1:
            return
        if not live and twentieth == self._twentieth:
            return
        self._told_at, self._twentieth = now, twentieth
        rate = (run.offset - self._offset) / max(now - self._began, 0.001)
        bar, left = "█" * int(part * WIDTH), (size - run.offset) / max(rate, 1)
        line = f"{bar:<{WIDTH}} {part:4.0%}  {run.stored:,} entries, {run.wrong:,} left out, {left:,.0f} s to go "
        self.stdout.write(f"\r{line}" if live else line, ending="" if live and part < 1 else "\n")
        self.stdout.flush()

    def _say_wrong(self, wrong: Wrong) -> None:
        self._wrong += 1
        if self._wrong <= SHOWN:
            self.stderr.write(f"line {wrong.line:,}: {wrong.why}")
        elif self._wrong == SHOWN + 1:
            self.stderr.write("more lines are left out; they are counted")


def layout_of(mapping: Path | None) -> Layout:
    """Return the layout of a mapping file, NPPES without one. Raises LayoutError."""
    if mapping is None:
        return NPPES
    try:
        return read_layout(mapping.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise LayoutError("the mapping cannot be read") from None
