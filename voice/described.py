"""What calls say on the wire, and the tables and diagrams of ``docs/calls.md``, for the documents.

Commands come from the tables of ``commands.py`` and say of themselves what their services say; the machine's tables are
its own. Nothing here runs while serving.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from realtime.describing import CommandDoc, Described, EventDoc, does_of
from realtime.tables import table
from voice import shapes
from voice.call import By, Cause, Leg, Side, Spans, Stage, Way
from voice.call_tables import EXPIRES, JOINT, NEXT_TRUNK, NORMAL, PERSONAL, RUNNING, UP_AT, Standing
from voice.commands import OWN, SERVICES
from voice.exploring import WORLDS, steps_between, walk
from voice.reasons import SENTENCES

Instant = Annotated[int, Meta(description="Unix milliseconds.")]
CallId = Annotated[str, Meta(description="The call's stream.")]
Word = Literal["dialing", "ringing", "answered", "confirmed", "ended"]


class CallStarted(msgspec.Struct, frozen=True, kw_only=True):
    """The call was asked for and allowed; the first event of a call. No name is in it."""

    clinic: str
    clinic_name: Annotated[str, Meta(description="Its name when the call began.")] | UnsetType = UNSET
    caller_id: str
    shown: Annotated[str, Meta(description="The clinic's number as the patient sees it.")]
    mode: Literal["own", "held"]
    attestation: Annotated[Literal["A", "B", "C"], Meta(description="What the carrier is expected to say of it.")]
    way: Way
    patient_mask: Annotated[str, Meta(description="The last digits of the number that is called.")] | UnsetType = UNSET
    patient_ref: Annotated[str, Meta(description="The patient in the clinic's address book.")] | UnsetType = UNSET
    hide_clinic: Annotated[Literal[True], Meta(description="Do not say the clinic's name.")] | UnsetType = UNSET
    abroad: Annotated[str, Meta(description="The country (ISO 3166) that is called, where it is another than the "
                                "clinic's: the number may be changed or hidden there.")] | UnsetType = UNSET
    purpose: shapes.Purpose | UnsetType = UNSET
    erased: Annotated[bool, Meta(description="Whom it was for and why has been erased.")] | UnsetType = UNSET


class LegMoved(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to reach a side has come further; within an attempt it only rises."""

    side: Side
    n: Annotated[int, Meta(description="Which attempt of this side; a higher one begins anew.", ge=1)]
    leg: Word
    cause: Annotated[Cause, Meta(description="With `ended`.")] | UnsetType = UNSET
    until: Annotated[int, Meta(description="When the clock of this level runs out, Unix milliseconds.")] | UnsetType = (
        UNSET
    )


class CallBridged(msgspec.Struct, frozen=True, kw_only=True):
    """The two hear each other."""

    at: Instant
    max_s: Annotated[int, Meta(description="The longest talk, in seconds.")]


class CallHungUp(msgspec.Struct, frozen=True):
    """The clinician ended the call."""


class CallHandedOver(msgspec.Struct, frozen=True, kw_only=True):
    """The clinician goes on another way, as soon as it stands; the patient waits or hears nothing of it."""

    way: Way


class CallHeld(msgspec.Struct, frozen=True, kw_only=True):
    """The line is held, and both sides hear that it is; or no longer."""

    held: bool


class CallMedia(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing has been heard of a browser for some seconds, or it is heard again."""

    side: Side
    lost: bool


class CallEnding(msgspec.Struct, frozen=True, kw_only=True):
    """The end is decided; the legs are being hung up."""

    by: By
    cause: Cause


class CallEnded(msgspec.Struct, frozen=True, kw_only=True):
    """All legs have ended and the record is written."""

    by: By
    cause: Cause
    reason: Annotated[str, Meta(description="The key of a sentence; see `docs/calls.md`.")]
    talked_s: int
    record: Annotated[str, Meta(description="Under which the record is found: `GET /api/v1/calls/{record}`.")]


class CallOutcomeTold(msgspec.Struct, frozen=True, kw_only=True):
    """The clinician said how it went."""

    how: shapes.How
    then: shapes.Then
    retry_at: Annotated[int, Meta(description="With `retry`, Unix milliseconds.")] | UnsetType = UNSET


class CallStartedByMe(msgspec.Struct, frozen=True, kw_only=True):
    """The member started a call."""

    r: CallId


class CallChanged(msgspec.Struct, frozen=True, kw_only=True):
    """One of the member's calls was connected, has ended, or has an outcome."""

    r: CallId
    state: Literal["live", "ended"]
    stage: Stage


IN_A_CALL: Final[dict[str, type[msgspec.Struct]]] = {
    "call.started": CallStarted,
    "call.leg": LegMoved,
    "call.bridged": CallBridged,
    "call.hand_over": CallHandedOver,
    "call.hold": CallHeld,
    "call.media": CallMedia,
    "call.hang_up": CallHungUp,
    "call.ending": CallEnding,
    "call.ended": CallEnded,
    "call.outcome": CallOutcomeTold,
}
IN_AN_INBOX: Final[dict[str, type[msgspec.Struct]]] = {"call.started": CallStartedByMe, "call.changed": CallChanged}
SHAPES: Final[dict[str, type[msgspec.Struct]]] = {
    "call.start": shapes.Start,
    "call.hang_up": shapes.EndCall,
    "call.hand_over": shapes.HandOver,
    "call.hold": shapes.HoldLine,
    "call.outcome": shapes.SayOutcome,
}

DESCRIBED: Final = Described(
    commands=(
        *(CommandDoc(kind, "me", SHAPES[kind], does_of(service.__doc__)) for kind, service in OWN.items()),
        *(CommandDoc(kind, "call", SHAPES[kind], does_of(service.__doc__)) for kind, service in SERVICES.items()),
    ),
    events=(
        *(EventDoc(kind, "call", shape) for kind, shape in IN_A_CALL.items()),
        *(EventDoc(kind, "inbox", shape) for kind, shape in IN_AN_INBOX.items()),
    ),
)


# --- docs/calls.md --------------------------------------------------------------------------------------------------


def sections() -> dict[str, str]:
    """Return each generated part of ``docs/calls.md`` by the name in its marker."""
    return {
        "stages drawn": _stages(),
        "a leg drawn": _leg(),
        "joint stages": _joint(),
        "deadlines": _deadlines(),
        "who ended it": _ends(),
        "reasons": table(("reason", "the sentence"), [(f"`{key}`", text) for key, text in SENTENCES.items()]),
    }


def _mermaid(lines: Iterable[str]) -> str:
    return "\n".join(["```mermaid", "stateDiagram-v2", *(f"    {line}" for line in lines), "```"])


def _stages() -> str:
    """The stages of a callback call and what leads from one to another, found by walking all of its states."""
    found: dict[tuple[str, str], list[str]] = {}
    for before, event, after in steps_between([walk(WORLDS[0])]):
        found.setdefault((before, after), []).append(event)
    order = [stage.value for stage in Stage]
    lines = [f"[*] --> {order[0]}"]
    for before, after in sorted(found, key=lambda step: (order.index(step[0]), order.index(step[1]))):
        lines.append(f"{before} --> {after} : {', '.join(sorted(found[before, after]))}")
    return _mermaid([*lines, f"{order[-1]} --> [*]"])


def _leg() -> str:
    """An attempt: it only rises, and whatever it may reach it may reach at once."""
    steps = [leg for leg in Leg if leg is not Leg.ENDED]
    lines = [f"[*] --> {steps[0].word}"]
    lines += [f"{low.word} --> {high.word}" for low, high in pairwise(steps)]
    lines += [f"{leg.word} --> ended" for leg in steps]
    return _mermaid([*lines, "ended --> [*]"])


def _joint() -> str:
    others = list(Standing)
    rows = [
        (f"clinician {mine}", *(_stage(JOINT.get((mine, theirs))) for theirs in others))
        for mine in (Standing.CALLING, Standing.UP, Standing.OVER)
    ]
    up = ", ".join(f"the {side} from `{leg.word}` on" for side, leg in UP_AT.items())
    return table(("", *(f"patient {standing}" for standing in others)), rows) + f"\n\nUp: {up}."


def _stage(stage: Stage | None) -> str:
    return f"`{stage}`" if stage else "cannot be"


def _deadlines() -> str:
    spans = Spans()
    runs: dict[str, list[str]] = {}
    for (side, leg), deadline in RUNNING.items():
        if deadline is not None:
            runs.setdefault(deadline, []).append(f"{side} {leg.word}")
    runs |= {
        "dial_uncertain": ["nobody knows whether the dial arrived"],
        "media_lost": ["nothing is heard over a browser's connection"],
        "media_warn": ["the same"],
        "teardown": ["a leg was hung up"],
        "max_duration": ["the two talk"],
    }
    means: dict[str, Any] = {
        **{name: f"this attempt ends: `{cause}`" for name, cause in EXPIRES.items()},
        "media_warn": "the clinician is warned",
        "teardown": "the leg counts as ended: `lost`",
        "max_duration": "the call ends: `max_duration`",
    }
    names = [name for name in msgspec.structs.asdict(spans) if name in runs]
    rows = [
        (f"`{name}`", f"{getattr(spans, name):g} s", "; ".join(runs[name]), means[name],
         f"`CURBSIDE_CALL_{name.upper()}_S`") for name in names
    ]  # fmt: skip
    return table(("deadline", "default", "runs while", "when it is due", "setting"), rows)


def _ends() -> str:
    rows = [(f"{side} hangs up", f"`{stage}`", by.value, f"`{cause}`") for (side, stage), (by, cause) in NORMAL.items()]
    personal = ", ".join(f"`{cause}`" for cause in Cause if cause in PERSONAL)
    trunks = ", ".join(f"`{cause}`" for cause in Cause if cause in NEXT_TRUNK)
    return table(("what happens", "while", "ended by", "cause"), rows) + (
        f"\n\nOther causes are the carrier's: {personal} count as the side's own doing, all else as the service's. "
        f"After {trunks}, where nothing has rung, the same number may be tried over another trunk."
    )


DOCUMENTS: Final = {"calls": sections}
