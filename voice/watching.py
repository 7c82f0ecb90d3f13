"""How the outbox is watched by whoever claims from it: some fifty looks a second, and whether each is worth it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import Error, connection
from django.utils import timezone

log = logging.getLogger(__name__)
TICK_S: Final = 0.02
LONGEST_PAUSE_S: Final = 2.0
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


def keep_on(step: Callable[[], Any], ended: Callable[[], bool], rest: Callable[[float], Any], who: str) -> None:
    """Step until it has ended, with a rest (of so many seconds) behind each; a longer one behind one that failed.

    `who`: a word for the log.
    """
    pause = TICK_S
    while not ended():
        try:
            step()
            pause = TICK_S
        except Error:
            log.exception("the database failed and is asked again", extra={"kind": who})
            connection.close()
            pause = min(pause * 2, LONGEST_PAUSE_S)
        except Exception:
            log.exception("a step failed and is repeated", extra={"kind": who})
            pause = min(pause * 2, LONGEST_PAUSE_S)
        rest(pause)
