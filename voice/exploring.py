"""Walks every state that the machine can reach, by every event in every order. For its proofs and for its diagrams.

Sans-IO, as ``call.py`` is; nothing here runs while serving. Times are taken out of a state, for they change nothing
but when a timer is due, and a timer may come due at any moment here: so a walk covers every order of events, every
moment of hanging up, and every point at which a carrier falls silent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from voice.call import (
    Action,
    BridgeFailed,
    By,
    Call,
    Cause,
    DialFailed,
    DialUnknown,
    Event,
    Handover,
    HangUp,
    KeyPressed,
    Leg,
    LegChanged,
    MediaLost,
    MediaUp,
    RightRevoked,
    Side,
    Spans,
    TimerDue,
    Way,
)
from voice.call_tables import HANDOVERS_MOST

FAR: Final = 1e12
State = bytes


@dataclass(frozen=True, slots=True)
class World:
    """Which calls are walked: how they begin, over how many trunks, and what may happen to them besides."""

    name: str
    way: Way = Way.CALLBACK
    trunks: int = 1
    handovers: tuple[Way, ...] = ()
    attempts: int = 1
    causes: tuple[Cause, ...] = (Cause.COMPLETED, Cause.BUSY, Cause.FAILED)
    legs: tuple[Leg, ...] = (Leg.DIALING, Leg.RINGING, Leg.ANSWERED, Leg.CONFIRMED)
    peers: tuple[int, ...] = ()
    rare: bool = True


WORLDS: Final = (
    World("a callback"),
    World("a callback over two trunks", trunks=2, attempts=2, causes=(Cause.COMPLETED, Cause.FAILED)),
    # What is the same with and without a handover (levels below ANSWERED, keys, lost answers) is walked above.
    World("WebRTC, and a handover to the telephone", way=Way.WEBRTC, handovers=(Way.CALLBACK,), attempts=2,
          causes=(Cause.COMPLETED,), legs=(Leg.ANSWERED, Leg.CONFIRMED), peers=(0,), rare=False),
)  # fmt: skip


@dataclass(slots=True)
class Edge:
    """One step: from a state, by an event, to a state, with what the machine asked for."""

    before: State
    event: Event
    after: State
    actions: list[Action]


@dataclass(slots=True)
class Walk:
    """All states that were reached and all steps between them; `first` is where every call begins."""

    first: State
    started: list[Action]
    edges: list[Edge] = field(default_factory=list)
    states: set[State] = field(default_factory=set)


def events_of(world: World) -> list[Event]:
    """Return everything that may ever be told about a call of this world, the impossible included."""
    found: list[Event] = [HangUp(By.CLINICIAN), HangUp(By.SERVICE, Cause.PAUSED), RightRevoked(), BridgeFailed()]
    found += [Handover(way) for way in world.handovers]
    for side in Side:
        for n in range(1, world.attempts + 1):
            if side is Side.PATIENT and n > world.trunks:
                continue
            found += [LegChanged(side, n, leg) for leg in world.legs]
            found += [LegChanged(side, n, Leg.ENDED, cause) for cause in world.causes]
            found += [DialFailed(side, n, Cause.FAILED)]
            if world.rare:
                found += [DialUnknown(side, n), KeyPressed(side, n, "1"), KeyPressed(side, n, "5")]
            if side is Side.CLINICIAN and n == 1:
                found += [kind(side, n, peer) for peer in world.peers for kind in (MediaUp, MediaLost)]
    return found


def walk(world: World) -> Walk:
    """Reach every state of a world by every event."""
    call, started = Call.start(world.way, SPANS, 0.0, trunks=world.trunks)
    call.memory.handovers = HANDOVERS_MOST - len(world.handovers)
    first = pack(call)
    found = Walk(first, started, states={first})
    waiting, events = deque([first]), events_of(world)
    while waiting:
        before = waiting.popleft()
        for event in (*events, *timers_of(before)):
            call = unpack(before)
            actions = call.handle(event, FAR)
            after = pack(call)
            found.edges.append(Edge(before, event, after, actions))
            if after not in found.states:
                found.states.add(after)
                waiting.append(after)
    return found


SPANS: Final = Spans()
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder().decode


def pack(call: Call) -> State:
    """Return a state without what nothing depends on: times, and once the end is decided, the words for why.

    Which timers run is kept, not when they are due; an attempt that has ended has no medium any more.
    """
    state = call.to_state()
    state["timers"] = sorted(state["timers"])
    state["bridged_at"] = state["bridged_at"] is not None
    for attempt in state["attempts"]:
        if attempt["leg"] == Leg.ENDED:
            attempt |= {"peer": 0, "lost": False, "warned": False, "unknown": False}
            if not attempt["given_up"]:
                attempt |= {"asked": 0, "leaving": False}
        if state["ending"]:
            attempt["cause"] = None
    if state["ending"]:
        state["ending"] |= {"at": 0.0, "by": By.SERVICE, "cause": Cause.LOST}
    return _encode(state)


def look(state: State) -> dict[str, Any]:
    """Return what stands in a state."""
    found: dict[str, Any] = _decode(state)
    return found


def unpack(state: State) -> Call:
    """Return a call in this state, every timer of which is due."""
    found = look(state)
    found["timers"] = dict.fromkeys(found["timers"], 0.0)
    found["bridged_at"] = 0.0 if found["bridged_at"] else None
    return Call.from_state(found, SPANS)


def timers_of(state: State) -> list[TimerDue]:
    """Return the timers that run in a state, as events."""
    return [TimerDue(name) for name in look(state)["timers"]]


def steps_between(walks: Sequence[Walk]) -> Iterator[tuple[str, str, str]]:
    """Yield (stage, event, stage) of every step that changes the stage of a call, each once, for the diagram."""
    seen = set()
    for found in walks:
        for edge in found.edges:
            before, after = look(edge.before)["stage"], look(edge.after)["stage"]
            step = (before, label(edge.event), after)
            if before != after and step not in seen:
                seen.add(step)
                yield step


def label(event: Event) -> str:
    """Say an event in the words of a diagram."""
    match event:
        case LegChanged(side=side, leg=leg):
            return f"{side} {leg.word}"
        case KeyPressed(side=side, digits=digits):
            return f"{side} presses {digits}"
        case DialFailed(side=side):
            return f"{side} refused by the carrier"
        case TimerDue(name=name):
            return f"{name.split(':')[0]} is due"
        case HangUp(by=by):
            return f"hung up by {by}"
        case RightRevoked():
            return "right revoked"
        case BridgeFailed():
            return "bridge failed"
        case MediaUp(side=side):
            return f"{side} is heard"
    return type(event).__name__
