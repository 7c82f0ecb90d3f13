"""How long text is kept: what ``manage.py purge`` erases, in batches that may be broken off and run again.

Only text goes. An event keeps its number, its kind and its time, so that no client finds a hole (I3) and a resume
over it works; a stream that nobody can write to any more (``final``) counts from its last event. What is unread is
never erased, and a legal hold beats everything. What an app knows of its own text stands in its module ``retention``;
`realtime` imports no app and asks the installed ones by name. Nothing here runs while serving.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, OuterRef, Subquery
from django.utils import timezone

from realtime import holds
from realtime.describing import ours
from realtime.instants import to_ms
from realtime.log import SEALED_KINDS, sealed_place
from realtime.models import Event, Pulse, Purge, Revocation, Seat, Stream, Timer
from realtime.pulse import FORGOTTEN
from realtime.sealing import seal, unseal

BATCH: Final = 20
WINDOW: Final = 2_000
FORSAKEN: Final = timedelta(days=30)
SERVED: Final = timedelta(hours=1)

Eraser = Callable[[dict[str, Any]], dict[str, Any]]
Progress = Callable[[Purge], None]


def erase_message(body: dict[str, Any]) -> dict[str, Any]:
    """What is left of a message: that it was erased, or that its author took it away before."""
    return body if body.get("redacted") else {"erased": True}


@dataclass(frozen=True, slots=True)
class Keeping:
    """What an app says of the text that it keeps.

    `text`: by kind of stream and of event, a body without its text (unchanged where there was none).
    `erased`: called with streams in the transaction that erases them, for what hangs on them elsewhere.
    `reading`: of these seats those from which somebody can still read. `expired`: removes rows that nothing needs
    any more, and returns how many.
    """

    text: Mapping[str, Mapping[str, Eraser]] = field(default_factory=dict)
    erased: Callable[[Sequence[str]], None] | None = None
    reading: Callable[[Sequence[str]], set[str]] | None = None
    expired: Callable[[datetime], int] | None = None


class _Found(NamedTuple):
    """An event with text: its number, its writer, and its body without it."""

    gid: int
    seq: int
    seat: str | None
    body: bytes


def keepings() -> list[Keeping]:
    """Return what all installed apps say."""
    names = [f"{app}.retention" for app in ours() if app != "realtime"]
    return [import_module(name).KEEPING for name in names if find_spec(name)]


def purge(progress: Progress, now: datetime | None = None) -> Purge:
    """Erase what is due, and remove rows that nothing needs. Each batch is committed; a second run goes on from it."""
    now = now or timezone.now()
    run = Purge.objects.create(began_at=now)
    said = keepings()
    for kind, days in settings.CURBSIDE_KEEP_DAYS.items():
        if not days:
            continue
        before = now - timedelta(days=days)
        for _ in _erase_inboxes(run, said, before) if kind == "inbox" else _erase_streams(run, said, kind, before):
            run.save()
            progress(run)
    run.rows = _remove_rows(now) + sum(one.expired(now) for one in said if one.expired)
    run.ended_at = timezone.now()
    run.save()
    return run


# --- threads -----------------------------------------------------------------------------------------------------


def _erase_streams(run: Purge, said: list[Keeping], kind: str, before: datetime) -> Iterator[None]:
    """Erase the streams of one kind whose last event is older, batch by batch."""
    last = Event.objects.filter(stream=OuterRef("pk"), seq=OuterRef("seq")).values("ts")
    due = Stream.objects.filter(kind=kind, state="final", erased_at=None).annotate(last_ts=Subquery(last))
    due = due.filter(last_ts__lt=to_ms(before)).order_by("pk")
    reached = ""
    while batch := list(due.filter(pk__gt=reached).values_list("pk", flat=True)[:BATCH]):
        reached = batch[-1]
        with transaction.atomic():
            _erase_batch(run, said, kind, batch)
        yield


def _erase_batch(run: Purge, said: list[Keeping], kind: str, batch: Sequence[str]) -> None:
    """Erase these streams but those that are held or unread. Under the locks of their rows, as a hold is placed."""
    now, text = timezone.now(), _text_of(said, kind)
    locked = Stream.objects.select_for_update().filter(pk__in=batch, state="final", erased_at=None).order_by("pk")
    streams = [stream.pk for stream in locked]
    held = holds.standing(now, streams)
    run.kept_held += sum(held.holds(stream) for stream in streams)
    free = [stream for stream in streams if not held.holds(stream)]
    found = {stream: list(_texts_in(stream, text, sealed=kind in SEALED_KINDS)) for stream in free}
    unread = _unread(said, found)
    run.kept_unread += len(unread)
    done = [stream for stream in free if stream not in unread]
    rows = [(one.body, one.gid) for stream in done for one in found[stream]]
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE realtime_event SET body = %s WHERE gid = %s", rows)
    for keeping in said:
        if keeping.erased and done:
            keeping.erased(done)
    Stream.objects.filter(pk__in=done).update(erased_at=now)
    run.streams += len(done)
    run.events += len(rows)


def _texts_in(stream: str, text: Mapping[str, Eraser], *, sealed: bool) -> Iterator[_Found]:
    rows = Event.objects.filter(stream=stream, kind__in=list(text)).order_by("seq")
    for gid, seq, seat, kind, body in rows.values_list("gid", "seq", "seat_id", "kind", "body"):
        aad = sealed_place(stream, seq)
        whole = orjson.loads(unseal(bytes(body), aad=aad) if sealed else bytes(body))
        rest = text[kind](whole)
        if rest != whole:
            left = orjson.dumps(rest)
            yield _Found(gid, seq, seat, seal(left, aad=aad) if sealed else left)


def _unread(said: list[Keeping], found: Mapping[str, list[_Found]]) -> set[str]:
    """Return the streams in which somebody who can still read has not read what somebody else wrote."""
    seats = list(Seat.objects.filter(stream__in=list(found), left_seq=None).values_list("pk", "stream_id", "read_seq"))
    ids = {pk for pk, _, _ in seats}
    for keeping in said:
        if keeping.reading:
            ids &= keeping.reading(sorted(ids))
    return {stream for pk, stream, read in seats if pk in ids
            and any(one.seq > read and one.seat != pk for one in found[stream])}


def _text_of(said: list[Keeping], kind: str) -> dict[str, Eraser]:
    """Return the kinds of events that hold text in streams of a kind. A message does everywhere."""
    text: dict[str, Eraser] = {"message": erase_message}
    for keeping in said:
        text.update(keeping.text.get(kind, {}))
    return text


# --- inboxes -----------------------------------------------------------------------------------------------------


def _erase_inboxes(run: Purge, said: list[Keeping], before: datetime) -> Iterator[None]:
    """Erase what old events of inboxes showed of a text elsewhere. They tell that something waited; none waits still.

    Goes by gid from where the last run ended, since a sealed body does not say from outside whether it holds text.
    """
    text = {kind: eraser for one in said for kind, eraser in one.text.get("inbox", {}).items()}
    reached = Purge.objects.exclude(pk=run.pk).aggregate(gid=Max("inbox_gid"))["gid"]
    run.inbox_gid = reached or 0
    while not holds.standing(timezone.now()).everything:
        window = Event.objects.filter(gid__gt=run.inbox_gid).order_by("gid")[:WINDOW]
        rows = list(window.values_list("gid", "stream_id", "seq", "kind", "ts"))
        old = [row for row in rows if row[4] < to_ms(before)]
        if not old:
            return
        with transaction.atomic():
            run.previews += _erase_previews(text, [row for row in old if row[3] in text])
        run.inbox_gid = old[-1][0]
        yield
        if len(old) < len(rows):
            return


def _erase_previews(text: Mapping[str, Eraser], rows: Sequence[tuple[int, str, int, str, int]]) -> int:
    inboxes = set(Stream.objects.filter(pk__in={row[1] for row in rows}, kind="inbox").values_list("pk", flat=True))
    wanted = {row[0]: row for row in rows if row[1] in inboxes}
    changed = []
    for gid, body in Event.objects.filter(gid__in=list(wanted)).values_list("gid", "body"):
        _, stream, seq, kind, _ = wanted[gid]
        aad = sealed_place(stream, seq)
        whole = orjson.loads(unseal(bytes(body), aad=aad))
        rest = text[kind](whole)
        if rest != whole:
            changed.append((seal(orjson.dumps(rest), aad=aad), gid))
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE realtime_event SET body = %s WHERE gid = %s", changed)
    return len(changed)


# --- rows --------------------------------------------------------------------------------------------------------


def _remove_rows(now: datetime) -> int:
    """Remove what only mattered for a while: revocations, pulses, and timers that no process knows what to do with.

    A timer counts as forsaken once processes have been serving past it: after a long rest it is merely late.
    """
    life = timedelta(seconds=settings.CURBSIDE_LIMITS.ticket_s + 60)
    old = [Revocation.objects.filter(revoked_at__lt=now - life), Pulse.objects.filter(seen_at__lt=now - FORGOTTEN)]
    if Pulse.objects.filter(began_at__lt=now - SERVED, seen_at__gt=now - timedelta(minutes=1)).exists():
        old.append(Timer.objects.filter(due_at__lt=now - FORSAKEN))
    return sum(rows.delete()[0] for rows in old)


def scrub() -> bool:
    """Have the database let go of the old content too. Returns whether it could.

    SQLite: overwritten cells are zeroed at once (``secure_delete``), but the write-ahead log holds the pages as they
    were until it is emptied, which a reader may delay. PostgreSQL: dead rows are freed; their bytes stay until they
    are overwritten. Source: sqlite.org/pragma.html#pragma_wal_checkpoint, postgresql.org/docs/15/sql-vacuum.html.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return not cursor.fetchone()[0]
        cursor.execute("VACUUM realtime_event")
        return True
