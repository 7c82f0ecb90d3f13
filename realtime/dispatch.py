"""Commands with rules of their own: run in a database thread, once, whatever is repeated.

A repeat is answered from the event that the first one left. A deadlock, a serialization failure or a lost race for
the same `c` runs the service again from the start; a database that is away is ``busy``.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

import orjson
from django.db import Error, IntegrityError, OperationalError, connection

from realtime import sql
from realtime.commands import Reply, Request, Service
from realtime.log import SEALED_KINDS, sealed_place
from realtime.protocol import Refusal, refuse
from realtime.sealing import Unsealable, unseal

TRIES: Final = 3
RUN_AGAIN: Final = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected (PostgreSQL, appendix A)

log = logging.getLogger(__name__)


def run(service: Service, request: Request, guard: AbstractContextManager[Any]) -> Reply | Refusal:
    """Carry out one command and return its answer. Never raises."""
    try:
        for attempt in range(TRIES):
            try:
                with guard:
                    return _answer_repeat(request) or service(request)
            except IntegrityError:
                if attempt == TRIES - 1:
                    raise
            except OperationalError as error:
                if _code(error) not in RUN_AGAIN or attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")
    except Refusal as refusal:
        return refusal
    except Error:
        log.warning("the database did not take a command", extra={"kind": request.kind})
        connection.close()
        return refuse("busy", after=1.0)
    except Exception:
        log.exception("a command failed", extra={"kind": request.kind})
        return refuse("internal")


def in_thread(work: Callable[[], Any]) -> Any:
    """Run database work in a pool's thread; a broken connection is given up, so that the next use makes a new one."""
    try:
        return work()
    except Error:
        connection.close()
        raise


def _code(error: OperationalError) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


def _answer_repeat(request: Request) -> Reply | None:
    """Return the answer that this command got before. Raises Refusal("conflict") where its content was another."""
    known = sql.find(request.stream, request.seat, request.c)
    if known is None:
        return None
    if known.digest != request.digest:
        raise refuse("conflict")
    body = known.body
    if known.stream_kind in SEALED_KINDS:
        try:
            body = unseal(body, aad=sealed_place(request.stream, known.seq))
        except Unsealable:
            body = b"{}"
    return Reply(known.seq, orjson.loads(body).get("r"))
