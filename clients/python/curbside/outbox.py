"""What was published and not yet acknowledged: kept in order, sent again under the same `c`, never dropped in silence.

An entry leaves when the server says that it is committed, or that it will never be. Standard library only; time is
passed in.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from curbside.happenings import Json


@dataclass(slots=True)
class Entry:
    """One operation. `request` is None while it is not under way on the present connection."""

    c: str
    stream: str
    kind: str
    d: Json
    request: int | None = None
    not_before: float = field(default=0.0)
    tries: int = 0


class Store(Protocol):
    """Where entries outlive the program. `add` must have kept the entry when it returns."""

    def load(self) -> list[Entry]:
        """All entries that were added and not removed, oldest first."""
        ...

    def add(self, entry: Entry) -> None:
        """Keep one."""
        ...

    def remove(self, c: str) -> None:
        """Forget one."""
        ...


class MemoryStore:
    """Keeps nothing beyond the program's life."""

    def load(self) -> list[Entry]:
        """Nothing."""
        return []

    def add(self, entry: Entry) -> None:
        """The outbox itself holds it."""

    def remove(self, c: str) -> None:
        """The outbox itself forgets it."""


class FileStore:
    """One line of JSON for each addition and removal, in a file that only its owner can read.

    The text of what was written lies in it in clear until it is delivered: keep it on a disk that may hold that, and
    use one file for one member.
    """

    def __init__(self, path: Path) -> None:
        """Use `path`, made when first needed."""
        self._path = path

    def load(self) -> list[Entry]:
        """Read what is left, and write the file anew with only that (a torn last line is no entry)."""
        left: dict[str, Entry] = {}
        if self._path.exists():
            for line in self._path.read_text("utf-8").splitlines():
                try:
                    record = json.loads(line)
                    if "gone" in record:
                        left.pop(record["gone"], None)
                    else:
                        left[record["c"]] = Entry(record["c"], record["r"], record["k"], record["d"])
                except (ValueError, KeyError, TypeError):
                    continue
            fresh = self._path.with_name(self._path.name + ".new")
            self._write(fresh, (self._line(entry) for entry in left.values()), os.O_TRUNC)
            fresh.replace(self._path)
        return list(left.values())

    def add(self, entry: Entry) -> None:
        """Append and flush to the disk."""
        self._write(self._path, [self._line(entry)], os.O_APPEND)

    def remove(self, c: str) -> None:
        """Append a removal."""
        self._write(self._path, [{"gone": c}], os.O_APPEND)

    @staticmethod
    def _line(entry: Entry) -> Json:
        return {"c": entry.c, "r": entry.stream, "k": entry.kind, "d": entry.d}

    @staticmethod
    def _write(path: Path, records: Iterable[Json], flag: int) -> None:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600)
        with os.fdopen(handle, "wb") as file:
            for record in records:
                file.write(json.dumps(record, separators=(",", ":")).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


class Outbox:
    """The queue itself: in order within a stream, a bounded number under way."""

    def __init__(self, store: Store) -> None:
        """Begin with what the store still holds."""
        self._store = store
        self._entries: dict[str, Entry] = {entry.c: entry for entry in store.load()}

    def __len__(self) -> int:
        """How many operations are not yet acknowledged."""
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """The entries, oldest first."""
        return iter(list(self._entries.values()))

    def add(self, entry: Entry) -> Entry:
        """Keep an operation; one that is already there under the same `c` stays as it is."""
        if entry.c in self._entries:
            return self._entries[entry.c]
        self._store.add(entry)
        self._entries[entry.c] = entry
        return entry

    def find(self, request: int) -> Entry | None:
        """The entry that the request number belongs to on the present connection."""
        return next((entry for entry in self._entries.values() if entry.request == request), None)

    def remove(self, c: str) -> None:
        """Forget an operation that has its answer."""
        if self._entries.pop(c, None) is not None:
            self._store.remove(c)

    def disconnect(self) -> None:
        """Nothing is under way any more: all will be sent again, in order."""
        for entry in self._entries.values():
            entry.request = None

    def under_way(self) -> int:
        """How many are sent and unanswered."""
        return sum(entry.request is not None for entry in self._entries.values())

    def sendable(self, now: float, *, ordered: bool) -> tuple[list[Entry], float | None]:
        """What may be sent now, in order, and when something else may be.

        An entry that waits for its time holds up its stream. With `ordered` so does one that is under way: then a
        later one can never be committed before an earlier one that the server asked to send again.
        """
        ready: list[Entry] = []
        later: list[float] = []
        held: set[str] = set()
        for entry in self._entries.values():
            if entry.stream in held:
                continue
            if entry.request is not None:
                if ordered:
                    held.add(entry.stream)
            elif entry.not_before > now:
                held.add(entry.stream)
                later.append(entry.not_before)
            else:
                ready.append(entry)
                if ordered:
                    held.add(entry.stream)
        return ready, min(later, default=None)
