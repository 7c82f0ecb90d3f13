"""Twilio's own list of calls, read page by page: what it says that it carried. It asks for no number in an address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from twilio.base.page import Page
from twilio.rest import Client

from voice.call import Cause
from voice.carriers.base import CarrierError
from voice.carriers.lists import Listed
from voice.carriers.twilio import rest
from voice.carriers.twilio.codes import KINDS

PAGE: Final = 1000
PAGES_MOST: Final = 10_000
"""A list of more pages goes round: nobody makes ten million calls between two looks at them."""
QUEUED: Final = timedelta(hours=1)
"""How much later than it was made a call may have started that waited in Twilio's queue: the list goes by the start."""


def read_list(client: Client, since: datetime, until: datetime) -> Iterator[Listed]:
    """Yield the calls that Twilio made or took in a span, its calls that came in among them. Raises CarrierError.

    Source: Twilio, "Call resource", "Read multiple Call resources" (`StartTime`, paging).
    """
    question: Callable[[], Page] = partial(
        client.calls.page, start_time_after=since.astimezone(UTC), start_time_before=(until + QUEUED).astimezone(UTC),
        page_size=PAGE)
    for _ in range(PAGES_MOST):
        legs, following = rest.ask(partial(_read, question))
        yield from (leg for leg in legs if leg.began_at is None or since <= leg.began_at < until)
        if following is None:
            return
        question = following
    raise CarrierError("Twilio's list has no end", permanent=False, cause=Cause.FAILED)


def _read(question: Callable[[], Page]) -> tuple[list[Listed], Callable[[], Page] | None]:
    """Ask for a page; return its legs, and what asks for the next. The package makes objects of it only here."""
    page = question()
    return [_leg(call) for call in page], page.next_page if page.next_page_url else None


def _leg(call: Any) -> Listed:
    lasted_s = int(call.duration or 0) if KINDS.get(str(call.status)) == "ended" else None
    return Listed(str(call.sid), lasted_s, str(call.parent_call_sid or ""), call.date_created)
