"""Takes the file of a registry into the database: some thousand lines at a time, and on from where it stopped.

A file replaces the one before: each line takes the place of the entry with its number, and at the end what the file did
not have is removed. Until then each entry is of the one or of the other, and whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from members.models import RegistryEntry, RegistryImport
from members.registry.layouts import Layout, LayoutError
from members.registry.reading import Entry, Place, Reader, Source, Wrong, opened
from realtime.sql import on_postgresql

TOGETHER: Final = 2000
"""Lines that one transaction takes: on SQLite everybody else's writing waits meanwhile."""
SHRINKS_TO: Final = 0.5
"""A file with less than this part of what stands is no whole file: nothing is removed, unless that is asked for."""
TABLE: Final = "members_registryentry"
COLUMNS: Final = ("registry", "release_id", *Entry._fields)
_NAMES: Final = ", ".join(COLUMNS)
_TAKES: Final = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name not in ("registry", "number"))
_CONFLICT: Final = f"ON CONFLICT (registry, number) DO UPDATE SET {_TAKES}"
UPSERT: Final = f"INSERT INTO {TABLE} ({_NAMES}) VALUES ({', '.join(['%s'] * len(COLUMNS))}) {_CONFLICT}"  # noqa: S608
BESIDE: Final = f"CREATE TEMPORARY TABLE IF NOT EXISTS registry_lines (LIKE {TABLE}); TRUNCATE registry_lines"
COPY: Final = f"COPY registry_lines ({_NAMES}) FROM STDIN"
TAKE_OVER: Final = f"INSERT INTO {TABLE} ({_NAMES}) SELECT {_NAMES} FROM registry_lines {_CONFLICT}"  # noqa: S608

Tell = Callable[[RegistryImport, int], None]


class Busy(Exception):
    """Another file of this registry is half imported. The message is for the operator."""


def begin(layout: Layout, source: Source, now: datetime, *, anew: bool = False) -> RegistryImport:
    """Return the import of a file: a new one, or the one that stopped half-way. Nothing is stored of its lines yet.

    `anew`: give up the one that is half done, whatever file it is of. Raises LayoutError where the file is none of the
    registry's, Busy.
    """
    with opened(source.path) as (stream, _):
        first = next((found for found in Reader(layout, stream) if isinstance(found, Entry)), None)
    if first is None:
        raise LayoutError("the file has no entry")
    with transaction.atomic():
        half = RegistryImport.objects.filter(registry=layout.registry, ended_at=None).first()
        if half is not None and half.digest == source.digest and not anew:
            return half
        if half is not None and not anew:
            raise Busy("another file of this registry is half imported: go on with that one, or begin --anew")
        if half is not None:
            RegistryImport.objects.filter(pk=half.pk).update(ended_at=now)
        return RegistryImport.objects.create(registry=layout.registry, digest=source.digest, began_at=now)


def take_in(
    layout: Layout, source: Source, run: RegistryImport, tell: Tell, say_wrong: Callable[[Wrong], None]
) -> None:
    """Store the lines of a file from where its import stands. `tell` hears after each transaction how far it is."""
    with opened(source.path) as (stream, size):
        reader = Reader(layout, stream, Place(run.offset, run.line))
        batch: dict[str, Entry] = {}
        for found in reader:
            if isinstance(found, Wrong):
                run.wrong += 1
                say_wrong(found)
            elif found is not None:
                batch[found.number] = found
                if len(batch) >= TOGETHER:
                    _store(run, list(batch.values()), reader.place)
                    batch.clear()
                    tell(run, size)
        _store(run, list(batch.values()), reader.place)
        tell(run, size)


def finish(run: RegistryImport, *, shrink: bool = False) -> int:
    """Remove what the file did not have, and return how many entries these were. Raises LayoutError: it had too few."""
    stands = RegistryEntry.objects.filter(registry=run.registry)
    if not shrink and run.stored < SHRINKS_TO * stands.count():
        raise LayoutError("the file has less than half of what stands: nothing was removed (--shrink does it)")
    removed, last = 0, ""
    while numbers := list(
        stands.filter(number__gt=last).order_by("number").values_list("number", "release")[:TOGETHER]
    ):
        last = numbers[-1][0]
        old = [number for number, release in numbers if release != run.pk]
        if old:
            removed += stands.filter(number__in=old).exclude(release=run).delete()[0]
    RegistryImport.objects.filter(pk=run.pk).update(ended_at=timezone.now())
    return removed


def _store(run: RegistryImport, entries: Sequence[Entry], place: Place) -> None:
    """Store some entries and how far the import is, in one transaction."""
    lines = [(run.registry, run.pk, *entry) for entry in entries]
    run.offset, run.line, run.stored = place.offset, place.line, run.stored + len(lines)
    with transaction.atomic():
        (_copy if on_postgresql() else _insert)(lines)
        run.save(update_fields=["offset", "line", "stored", "wrong"])


def _insert(lines: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(UPSERT, lines)


def _copy(lines: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BESIDE)
        with cursor.copy(COPY) as copy:
            for line in lines:
                copy.write_row(line)
        cursor.execute(TAKE_OVER)
