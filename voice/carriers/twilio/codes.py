"""Twilio's words in ours, as tables: statuses of a call, SIP answers, error codes. Knows nothing else."""

from __future__ import annotations

from typing import Final, NamedTuple

from voice.call import Cause
from voice.carriers.base import Kind

KINDS: Final[dict[str, Kind]] = {
    "queued": "dialing",
    "initiated": "dialing",
    "ringing": "ringing",
    "in-progress": "answered",
    "completed": "ended",
    "busy": "ended",
    "no-answer": "ended",
    "canceled": "ended",
    "failed": "ended",
}
"""What a `CallStatus` says of a leg. Source: Twilio, "Call resource", "Call status values"."""

ENDS: Final[dict[str, Cause]] = {
    "completed": Cause.COMPLETED,
    "busy": Cause.BUSY,
    "no-answer": Cause.NO_ANSWER,
    "canceled": Cause.CANCELLED,
    "failed": Cause.FAILED,
}

SIP: Final[dict[str, Cause]] = {
    "404": Cause.UNREACHABLE,
    "410": Cause.UNREACHABLE,
    "480": Cause.UNREACHABLE,
    "484": Cause.UNREACHABLE,
    "486": Cause.BUSY,
    "600": Cause.BUSY,
    "603": Cause.DECLINED,
    "604": Cause.UNREACHABLE,
    "607": Cause.DECLINED,
    "608": Cause.DECLINED,
}
"""What a final SIP answer says more exactly than ``busy`` or ``failed``. Source: RFC 3261 section 21; 607 is RFC 8197
(unwanted), 608 is RFC 8688 (rejected)."""


class Meaning(NamedTuple):
    """What an error code means for a request: our cause, and whether asking again cannot help."""

    cause: Cause
    permanent: bool


ERRORS: Final[dict[int, Meaning]] = {
    20001: Meaning(Cause.REFUSED, True),  # a parameter that Twilio does not take
    20003: Meaning(Cause.REFUSED, True),  # the account's SID or token is wrong
    20005: Meaning(Cause.REFUSED, True),  # the account is not active
    20006: Meaning(Cause.REFUSED, True),  # access denied
    20404: Meaning(Cause.REFUSED, True),  # no such resource
    20429: Meaning(Cause.FAILED, False),  # too many requests; nothing was done
    21201: Meaning(Cause.REFUSED, True),  # no number to call
    21202: Meaning(Cause.REFUSED, True),  # a premium number
    21203: Meaning(Cause.REFUSED, True),  # international calls are off
    21205: Meaning(Cause.REFUSED, True),  # our webhook address is not one that Twilio can use
    21210: Meaning(Cause.REFUSED, True),  # the caller ID is not validated
    21211: Meaning(Cause.UNREACHABLE, True),  # not a number
    21212: Meaning(Cause.REFUSED, True),  # the caller ID is not a number
    21214: Meaning(Cause.UNREACHABLE, True),  # cannot be reached
    21215: Meaning(Cause.REFUSED, True),  # the region is not permitted
    21216: Meaning(Cause.REFUSED, True),  # the number is on Twilio's block list
    21217: Meaning(Cause.UNREACHABLE, True),  # does not appear to be a number
    21218: Meaning(Cause.REFUSED, True),  # the application is not one
    21219: Meaning(Cause.REFUSED, True),  # a trial account calls validated numbers only
    21227: Meaning(Cause.REFUSED, True),  # the region's high-risk numbers are not permitted
    21450: Meaning(Cause.REFUSED, True),  # already validated
    21452: Meaning(Cause.REFUSED, True),  # no number to validate
    10001: Meaning(Cause.REFUSED, True),  # the account is not active
    10004: Meaning(Cause.FAILED, False),  # too many calls at once
    13223: Meaning(Cause.UNREACHABLE, True),  # not a number
    13224: Meaning(Cause.UNREACHABLE, True),  # not a number, or no carrier reaches it
    13225: Meaning(Cause.REFUSED, True),  # forbidden
    13227: Meaning(Cause.REFUSED, True),  # the region is not permitted
    32203: Meaning(Cause.REFUSED, True),  # the number is on the network's block list
    32205: Meaning(Cause.REFUSED, True),  # the region is not permitted
}
"""Source: Twilio, "Error and warning dictionary". What is not listed goes by its HTTP status."""

ENDED_ALREADY: Final = frozenset({20404, 21220})
"""Answers to a hang-up that say that there is nothing to hang up: no such call, or not in progress."""


def end_of(status: str, sip: str = "", error: str = "") -> Cause:
    """Return why a leg ended, from the most exact thing that is known."""
    if status in ("busy", "failed", "no-answer") and sip in SIP:
        return SIP[sip]
    if status == "failed" and error.isdigit() and int(error) in ERRORS:
        return ERRORS[int(error)].cause
    return ENDS.get(status, Cause.UNKNOWN)


def meaning_of(http_status: int, code: int | None) -> Meaning:
    """Return what an error answer means for the request.

    An error of Twilio's own (5xx), or of what stands before it (408), leaves open whether the request was carried out.
    """
    if code in ERRORS:
        return ERRORS[code]
    if http_status >= 500 or http_status == 408:
        return Meaning(Cause.UNCERTAIN, False)
    if http_status == 429:
        return Meaning(Cause.FAILED, False)
    return Meaning(Cause.REFUSED, True)
