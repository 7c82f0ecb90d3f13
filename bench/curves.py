"""Whether the cost of a message stays what it is: over the number of streams, and of events that are stored."""

from __future__ import annotations

import psycopg

from bench.load import Load
from bench.measure import Meter
from bench.rows import MICRO
from bench.stage import Stage
from bench.systems import Curbside

ROUNDS = 3
GROW = """
WITH place AS (
    SELECT DISTINCT ON (stream_id) stream_id, id AS seat_id FROM realtime_seat ORDER BY stream_id, id),
chosen AS (
    SELECT place.*, stream.seq FROM place JOIN realtime_stream stream ON stream.id = place.stream_id
    ORDER BY place.stream_id LIMIT %(streams)s)
INSERT INTO realtime_event (stream_id, seq, seat_id, c, kind, body, digest, ts)
SELECT stream_id, seq + n, seat_id, gen_random_uuid()::text, 'message',
       convert_to('{"text":"' || repeat('a word ', 20) || '"}', 'UTF8'), decode(md5(random()::text), 'hex'),
       (extract(epoch FROM now()) * 1000)::bigint
FROM generate_series(1, %(each)s) AS n, chosen
"""
RAISE = """
UPDATE realtime_stream SET seq = found.top
FROM (SELECT stream_id, max(seq) AS top FROM realtime_event GROUP BY stream_id) AS found WHERE id = found.stream_id
"""


def store_events(url: str, total: int) -> None:
    """Store events until there are about `total`, over many streams, without asking the service."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT (SELECT count(*) FROM realtime_event), (SELECT count(*) FROM realtime_stream)")
        stored, streams = row.fetchone() or (0, 1)
        more = max(0, total - stored)
        each = max(1, more // streams)
        connection.execute("SET session_replication_role = replica")  # no look at foreign keys, row by row
        connection.execute(GROW, {"streams": min(streams, more // each), "each": each})
        connection.execute(RAISE)
        connection.commit()
        connection.autocommit = True
        connection.execute("ANALYZE")
        connection.execute("CHECKPOINT")


def _cost(stage: Stage, system: Curbside, load: Load, streams: int | None) -> list[float]:
    """CPU of server, PostgreSQL and Redis for a message, in microseconds, in a few rounds."""
    plan = stage.plan
    rate, _ = stage.sustained(load, system, plan.curve_rate, plan.warm_s)
    runs = []
    for _ in range(min(plan.runs, ROUNDS)):
        meter = Meter(system.pid, stage.bed.postgres.process.pid, stage.bed.redis.process.pid)
        outcome = load.run(rate, plan.window_s, streams=streams)
        runs.append(sum(meter.read()) / outcome.sent * MICRO)
    return runs


def by_streams(stage: Stage) -> None:
    """The same members and the same rate, over more and more streams; all of them are subscribed to all the time."""
    system = Curbside(stage.template)
    load = Load(system.dialect, system.port)
    try:
        for streams in stage.plan.web:
            stage.say(f"streams: {streams:,}")
            load.open(stage.bed.within(stage.template.people["web"], streams))
            runs = _cost(stage, system, load, streams)
            stage.report.add("streams", "Curbside", f"{streams:,}", "µs a message", runs)
            load.close()
    finally:
        load.stop()
        system.stop()


def by_events(stage: Stage) -> None:
    """The same crowd on a log that grows; the server is started anew for each size."""
    database = stage.bed.database(stage.template.name)
    for events in stage.plan.events:
        stage.say(f"events: {events:,}")
        store_events(database, events)
        system = Curbside(stage.template, database=database)
        load = Load(system.dialect, system.port)
        try:
            load.open(stage.bed.few(stage.template.people["pairs"], stage.plan.pairs * 2))
            stage.report.add("events", "Curbside", f"{events:,}", "µs a message", _cost(stage, system, load, None))
        finally:
            load.stop()
            system.stop()
