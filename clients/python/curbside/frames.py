"""The frames of protocol version 1 as a client writes and reads them, and what each close code asks of it.

Standard library only.
"""

from __future__ import annotations

import json
from typing import Any

from curbside.happenings import Event, Json

VERSION = 1
SUBPROTOCOL = "curbside.v1"
CLOSE_INTERNAL = 4000
CLOSE_SILENT = 4003
NOT_SIGNED_IN = 4501
CLOSE_ABNORMAL = 1006
"""Never on the wire: what a socket that just ended is reported as (RFC 6455, section 7.4.1)."""


def is_final(code: int) -> bool:
    """Whether the server does not want this client back as it is: 4500 to 4999, and an HTTP refusal of the entry."""
    return 4500 <= code < 5000 or code in (400, 401, 403, 404)


def encode(frame: Json) -> str:
    """One frame as one line of JSON."""
    return json.dumps(frame, separators=(",", ":"), ensure_ascii=False)


def decode(message: str) -> list[Json]:
    """The frames of one message; lines that are no JSON object are left out, as unknown frames are."""
    frames: list[Json] = []
    for line in message.split("\n"):
        try:
            frame: Any = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(frame, dict):
            frames.append(frame)
    return frames


def read_event(frame: Json) -> Event:
    """An `ev` frame, from the socket or from a page of history.

    Raises: KeyError, TypeError, ValueError on a frame that is none.
    """
    return Event(
        stream=str(frame["r"]),
        seq=int(frame["s"]),
        kind=str(frame["k"]),
        by=str(frame.get("u") or ""),
        c=frame.get("c"),
        at=int(frame.get("ts") or 0),
        d=frame.get("d") or {},
    )
