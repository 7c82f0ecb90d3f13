"""Client of Curbside's wire protocol, version 1, for programs and terminals (asyncio, typed).

`Client` is what a program uses. `Session` is the same protocol as a value without input or output, for those who bring
their own event loop. Nothing here imports the server.
"""

from curbside.client import Client
from curbside.happenings import (
    Ephemeral,
    Event,
    Final,
    Happening,
    Lost,
    Published,
    Ready,
    Refused,
    Reset,
    Subscribed,
    Unsubscribed,
)
from curbside.http import Api, ApiError, Ticket
from curbside.outbox import Entry, FileStore, MemoryStore, Store
from curbside.pacing import Timing
from curbside.session import Session
from curbside.waiting import Disconnected, PublishRefused, Receipt, StreamUnavailable

__all__ = [
    "Api",
    "ApiError",
    "Client",
    "Disconnected",
    "Entry",
    "Ephemeral",
    "Event",
    "FileStore",
    "Final",
    "Happening",
    "Lost",
    "MemoryStore",
    "PublishRefused",
    "Published",
    "Ready",
    "Receipt",
    "Refused",
    "Reset",
    "Session",
    "Store",
    "StreamUnavailable",
    "Subscribed",
    "Ticket",
    "Timing",
    "Unsubscribed",
]
