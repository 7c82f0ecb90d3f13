"""``/metrics`` for Prometheus: what the parts have counted, read when it is asked for and never before.

Nothing here runs while a message is on its way. No label holds an id, a name, an address or a text: labels are fixed
words of ours. Served below Django, so that a scraper needs no allowed host, no session and no turn in its thread.
"""

import hmac
from asyncio import to_thread
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address
from typing import Any, Final

from django.conf import settings
from django.db import Error, connection
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from realtime.hub import Hub
from realtime.machine import used
from realtime.protocol import VERSION, Code
from realtime.tally import REFUSED_LOGINS, Tally

PATH: Final = "/metrics"
NOT_HERE: Final = (404, b"")


Gauge = tuple[str, str, float]
"""A name without its prefix, what it says, and its value."""
_shared: list[Callable[[], Iterable[Gauge]]] = []


def register_gauges(read: Callable[[], Iterable[Gauge]]) -> None:
    """Have numbers of an app exported which every process reads from the database, so that all of them say the same."""
    _shared.append(read)


def read_gauges() -> list[Gauge]:
    """Return those numbers, none while the database does not answer. Leaves no connection behind in its thread."""
    try:
        return [gauge for read in _shared for gauge in read()]
    except Error:
        return []
    finally:
        connection.close_if_unusable_or_obsolete()


class HubCollector(Collector):
    """Reads a hub's counters. In any thread: each is one number that only grows, or the length of a table."""

    def __init__(self, hub: Hub | None) -> None:
        """`hub` is None before the process has one."""
        self._hub = hub

    def collect(self) -> Iterable[Metric]:
        """Everything, as it stands now."""
        yield InfoMetricFamily("curbside", "What runs here.", value={
            "build": settings.CURBSIDE_BUILD, "protocol": str(VERSION), "database": connection.vendor})
        yield _by_word("curbside_refused_logins", "Sign-ins and tickets that were refused.", "reason", REFUSED_LOGINS)
        yield GaugeMetricFamily("curbside_threads", "Threads of the process.", used().threads)
        if self._hub is not None:
            yield from _gauges(self._hub)
            yield from _counters(self._hub)
            yield from _histograms(self._hub)
            for name, says, value in read_gauges():
                yield GaugeMetricFamily(f"curbside_{name}", says, value)


def _gauges(hub: Hub) -> Iterator[Metric]:
    known = list(hub.streams.known.values())
    for name, says, value in (
        ("ready", "1 while the process may be sent traffic.", hub.ready and not hub.draining),
        ("draining", "1 while it sends its sockets away.", hub.draining),
        ("sockets", "Accepted sockets.", len(hub.connections)),
        ("members", "Members with at least one socket here.", len(hub.members)),
        ("streams", "Streams that somebody reads here.", len(known)),
        ("streams_behind", "Streams of which more is known to exist than was sent.", sum(s.behind() for s in known)),
        ("writer_queue", "Messages waiting to be stored.", hub.publishing.writer.waiting()),
        ("bus_connected", "1 while other processes are heard at once, 0 while by the audit.", hub.doorbell.connected),
    ):
        yield GaugeMetricFamily(f"curbside_{name}", says, float(value))


def _counters(hub: Hub) -> Iterator[Metric]:
    ends = {code.name: hub.ends.get(code.name, 0) for code in Code}
    for name, says, value in (
        ("deliveries", "Durable events handed to sockets.", hub.streams.delivered),
        ("messages_stored", "Messages that the writer has committed.", hub.publishing.writer.stored),
        ("writer_batches", "Transactions of the writer.", hub.publishing.writer.batches),
        ("recoveries", "Subscriptions that were sent what they had missed.", hub.subscribing.recoveries),
        ("slow_readers", "Sockets closed because they did not read.", ends[Code.SLOW.name]),
        ("ephemerals_dropped", "Typing and presence not sent to a slow reader.", hub.dropped),
    ):
        yield CounterMetricFamily(f"curbside_{name}", says, float(value))
    yield _by_word("curbside_ends", "Sockets ended from this side.", "code", ends)


def _histograms(hub: Hub) -> Iterator[Metric]:
    yield _histogram("curbside_writer_batch_size", "Messages in one transaction.", hub.publishing.writer.sizes)
    yield _histogram("curbside_ring_lag_seconds", "From a commit to its ring in this process, from other processes.",
                     hub.doorbell.lag)
    yield _histogram("curbside_loop_lag_seconds", "How late the event loop came back from a sleep.", hub.pulse.lag)


def _by_word(name: str, says: str, label: str, counts: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, says, labels=[label])
    for word, count in counts.items():
        family.add_metric([word.lower()], count)
    return family


def _histogram(name: str, says: str, tally: Tally) -> Metric:
    return HistogramMetricFamily(name, says, buckets=tally.buckets(), sum_value=tally.total)


def expose(hub: Hub | None) -> bytes:
    """Return all metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(HubCollector(hub))
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    return generate_latest(registry)


def may_read(scope: Any) -> bool:
    """Whether this request may read metrics: by the token where one is set, else from this machine alone.

    Behind a proxy every request seems to come from nearby, so that there only a token counts.
    """
    headers = {name.lower(): value for name, value in scope["headers"]}
    if settings.CURBSIDE_METRICS_TOKEN:
        wanted = f"Bearer {settings.CURBSIDE_METRICS_TOKEN}".encode()
        return hmac.compare_digest(headers.get(b"authorization", b""), wanted)
    if settings.CURBSIDE_BEHIND_PROXY or b"x-forwarded-for" in headers or b"forwarded" in headers:
        return False
    try:
        return ip_address((scope.get("client") or ("",))[0]).is_loopback
    except ValueError:
        return False


async def serve_metrics(hub: Hub | None, scope: Any, send: Any) -> None:
    """Answer one request. Who may not read them gets the answer of an address that does not exist."""
    status, body = NOT_HERE
    if scope["method"] == "GET" and may_read(scope):
        status, body = 200, await to_thread(expose, hub)
    headers = [(b"content-type", CONTENT_TYPE_LATEST.encode()), (b"content-length", str(len(body)).encode()),
               (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
