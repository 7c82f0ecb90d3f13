"""The rules of a live consult as tables and values.

A consult is `waiting` (offered in rings on a clock, ``clock.py``), `open` (someone took it) or `ended`. What it does by
itself stands there, what a person may do stands in `MAY`.
Nothing here knows who a member is. May import the standard library and `realtime.protocol` (the refusal) only:
no Django, no clock, no network.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from realtime.protocol import Refusal


class State(StrEnum):
    """Where a consult stands."""

    WAITING = "waiting"
    OPEN = "open"
    ENDED = "ended"


class End(StrEnum):
    """How an ended consult ended; `NONE` while it has not."""

    NONE = ""
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    NOBODY = "nobody"
    NO_REPLY = "no_reply"


class Urgency(StrEnum):
    """How soon the asker needs an answer."""

    NOW = "now"
    TODAY = "today"
    NO_HURRY = "no_hurry"


class Role(StrEnum):
    """What a seat is in a consult."""

    ASKER = "asker"
    ANSWERER = "answerer"


class Outcome(StrEnum):
    """What the one who closes says became of the question."""

    ANSWERED = "answered"
    PARTLY = "partly"
    REDIRECTED = "redirected"
    UNANSWERED = "unanswered"


class Act(StrEnum):
    """What a party may want to do."""

    MESSAGE = "message"
    EDIT = "edit"
    REDACT = "redact"
    WITHDRAW = "consult.withdraw"
    CLOSE = "consult.close"
    HAND_BACK = "consult.hand_back"
    INVITE = "consult.invite"
    LEAVE = "consult.leave"
    REOPEN = "consult.reopen"


OFFERS_PER_RING: Final = 20
PARTIES_MOST: Final = 8
INVITES_STANDING: Final = 3
ASKS_STANDING: Final = 5

_TALK: Final = frozenset({Act.MESSAGE, Act.EDIT, Act.REDACT})
_AFTER: Final = frozenset({Act.EDIT, Act.REDACT, Act.REOPEN, Act.LEAVE})
MAY: Final[dict[tuple[State, Role], frozenset[Act]]] = {
    (State.WAITING, Role.ASKER): _TALK | {Act.WITHDRAW},
    (State.OPEN, Role.ASKER): _TALK | {Act.CLOSE, Act.INVITE},
    (State.OPEN, Role.ANSWERER): _TALK | {Act.CLOSE, Act.INVITE, Act.HAND_BACK, Act.LEAVE},
    (State.ENDED, Role.ASKER): _AFTER,
    (State.ENDED, Role.ANSWERER): _AFTER,
    # An answerer is never seated in a waiting consult: coming back to waiting takes the seat away.
    (State.WAITING, Role.ANSWERER): frozenset(),
}
END_BY_OUTCOME: Final[dict[Outcome, End]] = {
    Outcome.ANSWERED: End.ANSWERED,
    Outcome.PARTLY: End.ANSWERED,
    Outcome.REDIRECTED: End.ANSWERED,
    # Nobody's silence is called an answer, whoever closes it.
    Outcome.UNANSWERED: End.NO_REPLY,
}
ADVICE: Final[dict[str, str]] = {
    "emergency_team": "If the patient is in danger, call your emergency team first.",
    "on_call": "Call the specialty that is on call for your hospital.",
    "ask_today": "Ask again as today: it is offered for 12 hours.",
    "ask_related": "Ask a related specialty.",
    "ask_again": "Ask again later, when more colleagues are available.",
}
_ADVICE_BY_URGENCY: Final[dict[Urgency, tuple[str, ...]]] = {
    Urgency.NOW: ("emergency_team", "on_call", "ask_today", "ask_related"),
    Urgency.TODAY: ("on_call", "ask_related", "ask_again"),
    Urgency.NO_HURRY: ("ask_related", "ask_again"),
}


def check_may(act: Act, state: State, role: Role) -> None:
    """Raise Refusal: `closed` when it has ended, `refused` when this party may not do this now."""
    if act in MAY[state, role]:
        return
    if state is State.ENDED:
        raise Refusal("closed", "This consult has ended.")
    raise Refusal("refused", _WHY_NOT.get((act, state, role), "This cannot be done in this consult now."))


def check_outcome(outcome: Outcome, *, answerer_wrote: bool) -> None:
    """Raise Refusal `consult.no_reply_yet`: silence never counts as answered."""
    if END_BY_OUTCOME[outcome] is End.ANSWERED and not answerer_wrote:
        raise Refusal("consult.no_reply_yet", "Nobody has replied yet, so it cannot be closed as answered.")


def advice_for(end: End, urgency: Urgency) -> tuple[str, ...]:
    """Return what to do next after an end that left the question open, as keys of `ADVICE`."""
    return _ADVICE_BY_URGENCY[urgency] if end in (End.NOBODY, End.NO_REPLY) else ()


def can_reopen(end: End) -> bool:
    """Whether there can be another side that agrees to go on."""
    return end in (End.ANSWERED, End.NO_REPLY)


def bucket(count: int) -> str:
    """Return a number of available people, coarse enough to say (privacy.md)."""
    for least, name in ((10, "10+"), (3, "3-9"), (1, "1-2")):
        if count >= least:
            return name
    return "none"


_WHY_NOT: Final[dict[tuple[Act, State, Role], str]] = {
    (Act.CLOSE, State.WAITING, Role.ASKER): "Nobody has taken it yet. You can withdraw it.",
    (Act.WITHDRAW, State.OPEN, Role.ASKER): "Someone has taken it. Close it with an outcome.",
    (Act.WITHDRAW, State.OPEN, Role.ANSWERER): "Only the one who asked can withdraw it.",
    (Act.HAND_BACK, State.OPEN, Role.ASKER): "Only the one who took it can hand it back.",
    (Act.LEAVE, State.WAITING, Role.ASKER): "You asked this. You can withdraw it.",
    (Act.LEAVE, State.OPEN, Role.ASKER): "You asked this. Close it with an outcome.",
    (Act.REOPEN, State.OPEN, Role.ASKER): "It is open.",
    (Act.REOPEN, State.OPEN, Role.ANSWERER): "It is open.",
}
