"""The log alone: 128 senders drive the writer, without sockets and without the gate. Prints JSON.

Run as a program with the settings of the database that is measured. Each sender has one message under way and sends
the next as soon as that one is committed.
"""

from __future__ import annotations

import argparse
import json
import time
from contextlib import nullcontext
from threading import Event, Lock
from typing import Any

import django


def run(senders: int, seconds: float, warm_s: float) -> dict[str, Any]:
    """Let the senders send; returns how many were committed after the warm-up, in how many seconds and batches."""
    from django.db import connection

    from bench.dialects import message_id
    from bench.words import MESSAGES
    from realtime.log import digest_of
    from realtime.storing import Outcome, Pending, Stored
    from realtime.writer import Writer

    places = _places(senders)
    ended = Event()
    counts = {"committed": 0, "refused": 0, "number": 0}

    def message(sender: int) -> Pending:
        counts["number"] += 1
        stream, seat = places[sender]
        d = {"text": MESSAGES[counts["number"] % len(MESSAGES)]}
        c = message_id("0" * 12, counts["number"])
        return Pending(stream, seat, "Quiet Heron", c, "message", d, digest_of("message", d), context=sender)

    def report(outcomes: list[Outcome]) -> None:
        for pending, outcome in outcomes:
            counts["committed" if isinstance(outcome, Stored) else "refused"] += 1
            if not ended.is_set():
                writer.put(message(pending.context))

    guard = Lock() if connection.vendor == "sqlite" else nullcontext()
    writer = Writer({"message": lambda d: d}, report, guard, most=senders * 2)
    writer.start()
    for sender in range(senders):
        writer.put(message(sender))
    time.sleep(warm_s)
    before, batches, began, cpu = counts["committed"], writer.batches, time.perf_counter(), time.process_time()
    time.sleep(seconds)
    done = {
        "committed": counts["committed"] - before,
        "seconds": time.perf_counter() - began,
        "cpu_s": time.process_time() - cpu,
        "batches": writer.batches - batches,
        "refused": counts["refused"],
    }
    ended.set()
    writer.stop()
    return done


def _places(senders: int) -> list[tuple[str, str]]:
    """A stream for each two senders, and a seat for each."""
    from realtime.models import Seat, Stream

    streams = [Stream(kind="consult") for _ in range((senders + 1) // 2)]
    Stream.objects.bulk_create(streams)
    seats = [Seat(stream=streams[number // 2], name=f"Quiet Heron {number}") for number in range(senders)]
    Seat.objects.bulk_create(seats)
    return [(seat.stream_id, seat.id) for seat in seats]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--senders", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--warm", type=float, default=0.5)
    asked = parser.parse_args()
    django.setup()
    print(json.dumps(run(asked.senders, asked.seconds, asked.warm)))
