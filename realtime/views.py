"""HTTP beside the socket: old history in pages, and whether this process lives and is ready."""

from typing import Annotated, Any

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Query, Router, Schema

from realtime import log, sql
from realtime.metrics import read_gauges
from realtime.models import Seat
from realtime.process import current_wire, running_hub
from realtime.protocol import refuse

PAGE = 50
LONGEST_PAGE = 200
MOST_SEQ = 2**63 - 1  # what a database counts to

router = Router(tags=["streams"])
Before = Annotated[int | None, Query(ge=1, le=MOST_SEQ)]
After = Annotated[int | None, Query(ge=0, le=MOST_SEQ)]
Limit = Annotated[int, Query(ge=1, le=LONGEST_PAGE)]


class EventShown(Schema):
    """One event, as the socket sends it."""

    t: str
    r: str
    s: int
    k: str
    ts: int
    d: dict[str, Any]
    u: str | None = None
    c: str | None = None


class PageShown(Schema):
    """A page of a stream: where it stands, the events in the order of their numbers, and whether there are older.

    `me` and `read` are one's own pseudonym and cursor there, `reads` the cursors of the others by pseudonym.
    """

    r: str
    e: str
    head: int
    state: str
    me: str
    read: int
    reads: dict[str, int]
    events: list[EventShown]
    older: bool


class Refused(Schema):
    """An answer that is not a success: a word for programs, a sentence for people."""

    code: str
    msg: str
    retry: bool = False
    d: dict[str, Any] | None = None


REFUSED: Any = frozenset({400, 401, 403, 404, 422, 429, 503})


@router.get("/streams/{stream}/events", response={200: PageShown, REFUSED: Refused}, exclude_none=True)
def read_page(request: HttpRequest, stream: str, before: Before = None,
              after: After = None, limit: Limit = PAGE) -> Any:
    """Events with `after` < s < `before`: with `after` the first of them, else the newest.

    The same answer for a stream that does not exist and one that is not open to the member.
    """
    auth: Any = getattr(request, "auth")  # noqa: B009  (set by the API's authentication)
    seat = current_wire().find_seats([(str(auth.pk), stream)])[0]
    if seat is None:
        raise refuse("not_found")
    head = sql.heads([stream])[stream]
    events = log.read_events(stream, after=after or 0, before=before, limit=limit, newest_first=after is None)
    older = bool(events) and events[0]["s"] > 1
    reads = dict(Seat.objects.filter(stream=stream, left_seq=None).values_list("name", "read_seq"))
    return {"r": stream, "e": head.epoch, "head": head.seq, "state": head.state, "events": events, "older": older,
            "me": seat.name, "read": reads.pop(seat.name, 0), "reads": reads}


def healthz(request: HttpRequest) -> HttpResponse:
    """The process lives."""
    return JsonResponse({"ok": True})


def readyz(request: HttpRequest) -> HttpResponse:
    """The process may be sent traffic: its hub runs, is not draining, and the database answers and has tables.

    `here` counts what other processes of the installation do for calls. It keeps no traffic away.
    """
    hub = running_hub()
    reason = "starting" if hub is None or not hub.ready else "draining" if hub.draining else ""
    if not reason:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM realtime_stream LIMIT 1")
        except Error:
            connection.close()
            reason = "database"
    here = {} if reason else {name: int(value) for name, _, value in read_gauges()}
    return JsonResponse({"ok": not reason, "reason": reason, "here": here}, status=503 if reason else 200)
