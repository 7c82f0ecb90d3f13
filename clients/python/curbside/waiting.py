"""Who waits for which answer: one future per operation and per subscription."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TypeVar

from curbside.happenings import Happening, Published, Refused, Subscribed, Unsubscribed

T = TypeVar("T")


class PublishRefused(Exception):
    """The server will never take this operation. `code` is for programs, `message` a sentence for a person."""

    def __init__(self, refused: Refused) -> None:
        """Take over the server's answer."""
        super().__init__(f"{refused.code}: {refused.message}")
        self.code = refused.code
        self.message = refused.message
        self.d = refused.d


class StreamUnavailable(Exception):
    """That stream is not there for this member (4503), or is closed for good (4506)."""

    def __init__(self, code: int, message: str) -> None:
        """Take over the server's answer."""
        super().__init__(f"{code} {message}".strip())
        self.code = code


class Disconnected(Exception):
    """The client is closed, or the server does not want it back (`code`); what is in the outbox stays there."""

    def __init__(self, code: int, message: str) -> None:
        """Say why."""
        super().__init__(f"{code} {message}".strip())
        self.code = code


@dataclass(frozen=True, slots=True)
class Receipt:
    """Committed: the number, and the stream that was made, if one was."""

    seq: int
    made: str | None
    c: str


class Waiting:
    """The futures of one client."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._receipts: dict[str, asyncio.Future[Receipt]] = {}
        self._subscribed: dict[str, asyncio.Future[Subscribed]] = {}

    def __bool__(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(self._receipts or self._subscribed)

    def for_receipt(self, c: str) -> asyncio.Future[Receipt]:
        """The answer to an operation; the same future for all who ask."""
        if c not in self._receipts:
            self._receipts[c] = asyncio.get_running_loop().create_future()
        return self._receipts[c]

    def for_subscription(self, stream: str) -> asyncio.Future[Subscribed]:
        """The next answer to a subscription."""
        if stream not in self._subscribed:
            self._subscribed[stream] = asyncio.get_running_loop().create_future()
        return self._subscribed[stream]

    def answer(self, happening: Happening) -> None:
        """Wake who waited for this."""
        match happening:
            case Published():
                receipt = Receipt(happening.seq, happening.made, happening.c)
                _settle(self._receipts.pop(happening.c, None), receipt)
            case Refused():
                _settle(self._receipts.pop(happening.c, None), PublishRefused(happening))
            case Subscribed():
                _settle(self._subscribed.pop(happening.stream, None), happening)
            case Unsubscribed():
                gone = StreamUnavailable(happening.code, happening.message)
                _settle(self._subscribed.pop(happening.stream, None), gone)
            case _:
                pass

    def end(self, code: int, message: str) -> None:
        """No answer will come any more."""
        receipts, self._receipts = self._receipts, {}
        subscribed, self._subscribed = self._subscribed, {}
        for receipt in receipts.values():
            _settle(receipt, Disconnected(code, message))
        for future in subscribed.values():
            _settle(future, Disconnected(code, message))


def _settle(future: asyncio.Future[T] | None, outcome: T | Exception) -> None:
    if future is None or future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
        future.exception()  # whoever gave up waiting has no need to hear of it
    else:
        future.set_result(outcome)
