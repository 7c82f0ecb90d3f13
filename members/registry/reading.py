"""Reads a registry's file line by line, in constant memory, from the beginning or from where one stopped.

One line is one entry: a quote that is never closed spoils its own line and no other. No Django.
"""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import IO, Final, NamedTuple

from members.registry.layouts import Layout, LayoutError, bare

BOM: Final = b"\xef\xbb\xbf"
LINE_MOST: Final = 1 << 16
"""Octets of a line; one that is longer is none of a registry, and is read away in pieces."""
HEAD: Final = 1 << 20
DAYS: Final = 30_000
TEXT_MOST: Final = 120
MANY_MOST: Final = 400
ZIPPED: Final = ("npidata_pfile_", ".csv", "fileheader")


class Entry(NamedTuple):
    """What a registry says of one number, in the order of the table's columns.

    `fields`, `licences`: separated by a space, the first one leading; a licence is ``REGION/NUMBER``.
    """

    number: str
    family: str
    given: str
    middle: str
    former: str
    credential: str
    region: str
    fields: str
    licences: str
    issued_on: date | None
    ended_on: date | None
    standing: bool


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that was left out, by its number in the file (the head is line 1), and why."""

    line: int
    why: str


class Place(NamedTuple):
    """Where reading goes on: octets from the beginning of the (unpacked) file, and the number of the next line."""

    offset: int = 0
    line: int = 1


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a registry: `size` in octets, unpacked; `digest` names it, so that one half imported is known again."""

    path: Path
    size: int
    digest: str

    @classmethod
    def of(cls, path: Path) -> Source:
        """Look at a file. Raises LayoutError where it is none, or an archive without a registry's file."""
        try:
            with opened(path) as (stream, size):
                head = stream.read(HEAD)
        except (OSError, zipfile.BadZipFile, EOFError):
            raise LayoutError("the file cannot be read") from None
        return cls(path, size, hashlib.sha256(head + str(size).encode()).hexdigest())


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], int]]:
    """Open a file, or the one table in an archive, and say how large it is. Raises LayoutError, OSError, BadZipFile."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            yield stream, path.stat().st_size
        return
    with zipfile.ZipFile(path) as archive:
        tables = [one for one in archive.infolist() if one.filename.lower().endswith(ZIPPED[1])
                  and ZIPPED[2] not in one.filename.lower()]  # fmt: skip
        main = [one for one in tables if Path(one.filename).name.startswith(ZIPPED[0])] or tables
        if len(main) != 1:
            raise LayoutError("the archive does not hold exactly one table")
        with archive.open(main[0]) as stream:
            yield stream, main[0].file_size


class Reader:
    """The entries of one file. `place` is behind the last one that was given."""

    def __init__(self, layout: Layout, stream: IO[bytes], place: Place = Place()) -> None:  # noqa: B008  (a tuple)
        """Read the head and go to the place. Raises LayoutError where the head is not that of the layout."""
        self._layout, self._stream = layout, stream
        self._dates = lru_cache(DAYS)(layout.date)  # few days are written, each many times
        self.place = Place()
        head = self._line() or b""
        try:
            self._columns = [name.strip() for name in self._split(head.removeprefix(BOM))]
        except ValueError:
            raise LayoutError("the file has no head that can be read") from None
        self._places = {field: self._find(names) for field, names in layout.columns.items()}
        self._licences = list(zip_longest(self._places.get("licence", ()), self._places.get("licence_region", ())))
        self._leave_out, self._active = self._meant(layout.leave_out), self._meant(layout.active)
        if place.line > 1:
            stream.seek(place.offset)  # at once in a file, by reading in an archive
            self.place = place

    def __iter__(self) -> Iterator[Entry | Wrong | None]:
        """Yield what each line says: an entry, what is wrong with it, or None where it is of no person."""
        while (line := self._line()) is not None:
            number = self.place.line - 1
            try:
                yield self._entry(self._split(line)) if line.strip() else None
            except ValueError as error:
                yield Wrong(number, str(error))

    def _line(self) -> bytes | None:
        """Take the next line; an endless one is read away and is empty of sense, but counted."""
        line = self._stream.readline(LINE_MOST)
        if not line:
            return None
        length, more = len(line), line
        while not more.endswith(b"\n") and len(more) == LINE_MOST:
            more = self._stream.readline(LINE_MOST)
            length += len(more)
        self.place = Place(self.place.offset + length, self.place.line + 1)
        return line if length <= LINE_MOST else b"\0"

    def _split(self, line: bytes) -> list[str]:
        try:
            text = line.decode(self._layout.encoding)
        except UnicodeDecodeError:
            raise ValueError("the line is not written in the encoding of the file") from None
        if "\0" in text:
            raise ValueError("the line is too long, or no text")
        try:
            return next(csv.reader([text], delimiter=self._layout.delimiter, strict=True))
        except (csv.Error, StopIteration):
            raise ValueError("the line's quotes do not match") from None

    def _find(self, names: Sequence[str]) -> list[int]:
        found = [self._columns.index(name) for name in names if name in self._columns]
        if not found:
            raise LayoutError(f"the file has no column {names[0]!r}: it is not of this registry")
        return found

    def _meant(self, columns: Mapping[str, Sequence[str]]) -> list[tuple[int, frozenset[str]]]:
        return [(self._find([name])[0], frozenset(values)) for name, values in columns.items()]

    def _entry(self, row: list[str]) -> Entry | None:
        if len(row) != len(self._columns):
            raise ValueError(f"the line has {len(row)} fields, not {len(self._columns)}")
        if any(row[place].strip() in values for place, values in self._leave_out):
            return None
        one = self._one
        number = bare(one(row, "number"))
        if not self._layout.is_number(number):
            raise ValueError("the number is none of this registry")
        try:
            issued, ended, restored = (self._dates(one(row, name)) for name in ("issued", "ended", "restored"))
        except ValueError:
            raise ValueError("a date is not written as in this registry") from None
        family = one(row, "family")
        if not family and ended is None:
            raise ValueError("the line has no name")
        if ended is not None and restored is not None and restored >= ended:
            ended = None
        standing = ended is None and all(row[place].strip() in values for place, values in self._active)
        fields = [_joined(row[place]) for place in self._places.get("field", ()) if row[place]]
        licences = [f"{'' if region is None else _joined(row[region])}/{_joined(row[place])}"
                    for place, region in self._licences if place is not None and row[place]]
        return Entry(
            number, family, one(row, "given"), one(row, "middle"), one(row, "former"), one(row, "credential"),
            one(row, "region"), " ".join(fields)[:MANY_MOST], " ".join(licences)[:MANY_MOST], issued, ended, standing,
        )

    def _one(self, row: list[str], field: str) -> str:
        """Return the first that is written among the columns of a field."""
        for place in self._places.get(field, ()):
            if value := row[place].strip():
                return value[:TEXT_MOST]
        return ""


def _joined(value: str) -> str:
    """A value as one word, as others stand beside it."""
    return "".join(value.split())

