"""All calls of a clinic, for its desk and administrators: the list with filters, the chart, and the CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Annotated, Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from members.auth import account_of, signed_in
from members.clinics import access_verified, account_at
from members.models import ClinicMembership
from members.problems import PROBLEMS
from voice import listing
from voice.exporting import csv_pages
from voice.shapes import from_ms
from voice.views.call_schemas import CallItems, Chart, before_of

router = Router(tags=["calls"], auth=signed_in)
READERS = ("desk", "administrator")
Instant = Annotated[int, Field(ge=0, le=253_402_300_799_000)]


class Wanted(Schema):
    """Which calls: from and until (Unix milliseconds), whose (a place in the clinic), why, whether one talked."""

    since: Instant | None = None
    until: Instant | None = None
    member: Annotated[str, Field(max_length=36)] | None = None
    reason: Annotated[str, Field(max_length=48)] = ""
    talked: bool | None = None


@router.get("/clinics/{clinic}/calls", response={200: CallItems, **PROBLEMS}, summary="A clinic's calls")
def list_calls(request: HttpRequest, clinic: str, wanted: Query[Wanted], before: str | None = None) -> Any:
    """Return a clinic's calls, newest first, with who made them."""
    place = _access(request, clinic)
    return listing.clinic_calls(place.clinic_id, _filters(place, wanted), before_of(before), place.account_id)


@router.get("/clinics/{clinic}/calls/minutes", response={200: Chart, **PROBLEMS}, summary="A clinic's minutes")
def show_minutes(request: HttpRequest, clinic: str, wanted: Query[Wanted]) -> Any:
    """Return minutes by day and reasons of the last 30 days, or of the span that is asked for: 92 days, up to now."""
    place = _access(request, clinic)
    return listing.chart(place.clinic_id, _filters(place, wanted), place.clinic.time_zone, timezone.now())


@router.get("/clinics/{clinic}/calls.csv", response={200: str, **PROBLEMS}, summary="A clinic's records as CSV")
def export(request: HttpRequest, clinic: str, wanted: Query[Wanted]) -> Any:
    """Return the records of a clinic's calls, with masks: what the list has under the same filters, but live calls."""
    place = _access(request, clinic)
    pages = csv_pages(_filters(place, wanted), clinic=place.clinic_id, refused=True)
    response = StreamingHttpResponse(_streamed(pages), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="calls.csv"'
    return response


def _access(request: HttpRequest, clinic: str) -> ClinicMembership:
    return access_verified(account_of(request), clinic, READERS)


def _filters(place: ClinicMembership, wanted: Wanted) -> listing.Filters:
    member = None if wanted.member is None else account_at(place.clinic, wanted.member)
    return listing.Filters(_at(wanted.since), _at(wanted.until), member, wanted.reason, wanted.talked)


def _at(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)


async def _streamed(pages: Iterator[str]) -> AsyncIterator[bytes]:
    """Yield pages as they come: a plain iterator is read to its end under ASGI before the first byte is sent."""
    following = sync_to_async(lambda: next(pages, ""))
    while page := await following():
        yield page.encode()
