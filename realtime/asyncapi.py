"""``docs/asyncapi.json``: the socket as an AsyncAPI 3 document, made from the frames, the commands and the events.

Directions are the service's: it receives what a client sends. Source: asyncapi.com, specification 3.0.0.
"""

from typing import Any, Final

import msgspec

from realtime.describing import CommandDoc, EventDoc, described, json_schemas
from realtime.frames import HEARD, SENT, Failure, Frame
from realtime.protocol import SUBPROTOCOL, VERSION, Code

CHANNEL: Final = {"$ref": "#/channels/socket"}
ANSWERED: Final = ("hello", "sub", "pub")
ABOUT: Final = (
    "What a browser, a phone or a program speaks to Curbside over one WebSocket. A text message holds one or more "
    "JSON objects joined by a line feed. The rules stand in docs/protocol.md, old history and tickets in "
    "docs/openapi.json. Made by `manage.py describe asyncapi --write`."
)


def document() -> dict[str, Any]:
    """Return the whole document."""
    said = described()
    shapes: list[type[msgspec.Struct]] = [*SENT.values(), *HEARD.values(), Failure]
    shapes += [one.shape for one in said.commands] + [one.shape for one in said.events]
    messages = {f"{t}.sent": _frame(t, shape) for t, shape in SENT.items()}
    messages |= {f"pub.{one.kind}": _command(one) for one in said.commands}
    messages |= {f"{t}.heard": _frame(t, shape) for t, shape in HEARD.items()}
    messages |= {f"ev.{one.stream}.{one.kind}": _event(one) for one in said.events}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Curbside", "version": str(VERSION), "description": ABOUT},
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "localhost:8000", "protocol": "ws", "description": "`make run`"}},
        "channels": {"socket": {
            "address": "/ws",
            "description": f"Subprotocol `{SUBPROTOCOL}`. Close codes: {_closings()}",
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        }},
        "operations": _operations(list(messages)),
        "components": {"messages": messages, "schemas": json_schemas(shapes)},
    }


def _closings() -> str:
    return ", ".join(f"{code.number} {code.value[1]}" for code in Code) + "."


def _operations(names: list[str]) -> dict[str, Any]:
    reply = {"channel": CHANNEL, "messages": [_listed("re.heard")]}
    operations: dict[str, Any] = {}
    for t in SENT:
        mine = [name for name in names if name == f"{t}.sent" or (t == "pub" and name.startswith("pub."))]
        operations[f"receive.{t}"] = {"action": "receive", "channel": CHANNEL, "messages": [_listed(n) for n in mine],
                                      **({"reply": reply} if t in ANSWERED else {})}
    for t in HEARD:
        mine = [name for name in names if name == f"{t}.heard" or (t == "ev" and name.startswith("ev."))]
        operations[f"send.{t}"] = {"action": "send", "channel": CHANNEL, "messages": [_listed(n) for n in mine]}
    return operations


def _listed(name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/socket/messages/{name}"}


def _ref(shape: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _first_line(shape: type[msgspec.Struct]) -> str:
    return " ".join((shape.__doc__ or "").split())


def _frame(t: str, shape: type[Frame]) -> dict[str, Any]:
    return {"name": t, "summary": _first_line(shape), "payload": _ref(shape)}


def _command(one: CommandDoc) -> dict[str, Any]:
    only: dict[str, Any] = {"k": {"const": one.kind}, "d": _ref(one.shape)}
    if one.to == "me":
        only["r"] = {"const": "me"}
    summary = one.does[0][:1].upper() + one.does[0][1:]
    return {"name": one.kind, "summary": summary, "description": f"May be refused with {one.does[1]}.",
            "payload": {"allOf": [_ref(SENT["pub"]), {"type": "object", "properties": only}]}}


def _event(one: EventDoc) -> dict[str, Any]:
    only = {"k": {"const": one.kind}, "d": _ref(one.shape)}
    return {"name": one.kind, "summary": _first_line(one.shape), "description": f"In a stream of kind {one.stream}.",
            "payload": {"allOf": [_ref(HEARD["ev"]), {"type": "object", "properties": only}]}}
