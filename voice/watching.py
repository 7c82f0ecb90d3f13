"""Whether it is worth looking into the outbox, asked some fifty times a second by whoever claims from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.utils import timezone

WAITING: Final = "SELECT 1 FROM voice_action WHERE state = 'waiting' AND plane = '{}' AND due_at <= %s"


class Watch:
    """Whether something was committed, or is due.

    SQLite tells of commits by ``PRAGMA data_version`` (a few microseconds); PostgreSQL is asked what is due, in one
    statement of a look-up in an index for each question.
    """

    def __init__(self, questions: Sequence[str], next_due: Callable[[], Iterable[datetime | None]]) -> None:
        """`questions`: statements that find a row if something is due at their parameter; `next_due`: when next."""
        self._asked = "SELECT " + " OR ".join(f"EXISTS({question})" for question in questions)
        self._params = len(questions)
        self._next_due = next_due
        self._version: int | None = None
        self._due_at: datetime | None = None
        self._again = True

    def something(self) -> bool:
        """Return whether to look."""
        now = timezone.now()
        with connection.cursor() as cursor:
            if connection.vendor != "sqlite":
                cursor.execute(self._asked, [now] * self._params)
                return bool(cursor.fetchone()[0])
            cursor.execute("PRAGMA data_version")
            version = int(cursor.fetchone()[0])
        changed, self._version = version != self._version, version
        return changed or self._again or (self._due_at is not None and self._due_at <= now)

    def look(self) -> None:
        """Look next time, whatever the version says."""
        self._again = True

    def looked(self, claimed: Sequence[Any]) -> None:
        """Remember when the next thing is due, where a commit of this thread itself would change no version."""
        if connection.vendor != "sqlite":
            return
        self._due_at = min((at for at in self._next_due() if at is not None), default=None)
        self._again = bool(claimed)
