"""The section `calls`: the machine alone, a call's set-up, from the carrier's webhook to the screen, calls in progress.

The web server and the call loop are the service's own, on PostgreSQL and Redis. Set-up ends at the carrier's first
request: the loopback carrier stores when it was asked, on the clock by which the tap was timed.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import urllib.parse
from dataclasses import dataclass
from typing import Any, Final

from bench.callers import Caller, open_callers
from bench.callservice import Service, p, service
from bench.measure import Meter, measured
from bench.stage import Stage
from tests.peers.process import free_port
from tests.voice.fake_twilio.callbacks import signature
from voice.call import By, Call, HangUp, KeyPressed, Leg, LegChanged, Side, Spans, TimerDue, Way

WEBHOOKS_A_SECOND: Final = 20.0
PATIENCE_S: Final = 60.0
TOKEN: Final = "bench-token"
ACCOUNT: Final = "AC" + "0" * 32


@dataclass(frozen=True, slots=True)
class Size:
    """How much of it: seconds of the machine, calls a second and for how long, webhooks, calls in progress."""

    machine_s: float
    rate: float
    setup_s: float
    callers: int
    webhooks: int
    connected: int
    watch_s: float


FULL: Final = Size(1.0, 20.0, 60.0, 160, 400, 1_000, 14.0)
SHORT: Final = Size(0.1, 5.0, 2.0, 8, 10, 10, 2.0)


def calls(stage: Stage) -> None:
    """All four."""
    size = SHORT if stage.plan.name == "short" else FULL
    _machine(stage, size)
    _set_up(stage, size)
    _webhooks(stage, size)
    _in_progress(stage, size)


# --- the machine alone ------------------------------------------------------------------------------------------------


def _machine(stage: Stage, size: Size) -> None:
    """Whole calls, one after the other, each event once and every second one twice."""
    stage.say("calls: the machine alone")
    rates = [_machine_rate(size.machine_s) for _ in range(stage.plan.runs)]
    stage.report.add("calls", "Curbside", "machine", "events/s", rates)


def _machine_rate(seconds: float) -> float:
    c, p, spans = Side.CLINICIAN, Side.PATIENT, Spans()
    told = (LegChanged(c, 1, Leg.DIALING), LegChanged(c, 1, Leg.RINGING), LegChanged(c, 1, Leg.RINGING),
            LegChanged(c, 1, Leg.ANSWERED), KeyPressed(c, 1, "1"), LegChanged(p, 1, Leg.DIALING),
            LegChanged(p, 1, Leg.RINGING), LegChanged(p, 1, Leg.ANSWERED), LegChanged(p, 1, Leg.RINGING),
            TimerDue("patient_answer:patient:1"), HangUp(By.CLINICIAN), LegChanged(p, 1, Leg.ENDED),
            LegChanged(c, 1, Leg.ENDED))  # fmt: skip
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for _ in range(100):
            call, _ = Call.start(Way.CALLBACK, spans, 0.0)
            for event in told:
                call.handle(event, 1.0)
        done += 100 * len(told)
    return done / (time.perf_counter() - began)


# --- set-up -----------------------------------------------------------------------------------------------------------


def _set_up(stage: Stage, size: Size) -> None:
    """From the tap to the carrier's first request, at a steady rate; each call is hung up once it rings."""
    stage.say(f"calls: set-up, {size.rate:g} calls/s for {size.setup_s:g} s")
    with service(stage, size.callers, LOOPBACK_PACE=10) as made:
        made.start_loop()
        tapped, used = asyncio.run(_tap(made, size))
        asked = dict(made.query(
            "SELECT a.call_id, min(extract(epoch FROM l.dialed_at)) FROM voice_loopbackleg l "
            "JOIN voice_attempt a ON a.reference = l.reference WHERE a.side = 'clinician' GROUP BY 1"))
        took = [(float(asked[r]) - at) * 1000 for r, at in tapped.items() if r in asked]
        missing = len(tapped) - len(took)
        wanted = int(size.rate * size.setup_s)
        note = f"{len(took)} of {wanted} calls" + (f", {missing} never dialled" if missing else "")
        stage.report.add("calls", "Curbside", "set-up p50", "ms", [p(took, 50)], note)
        stage.report.add("calls", "Curbside", "set-up p99", "ms", [p(took, 99)], note)
        spent = [seconds / max(1, len(tapped)) * 1000 for seconds in used]
        stage.report.add("calls", "Curbside", "CPU of a call", "ms", [sum(spent)],
                         "started, rung, hung up: web {:.0f}, call loop {:.0f}, PostgreSQL {:.0f}".format(*spent))


async def _tap(made: Service, size: Size) -> tuple[dict[str, float], list[float]]:
    """Let the members call in turn; returns the instant of each call's tap, and the CPU of the three parts (s)."""
    callers = await open_callers(made.web.port, made.people)
    await _one_call(callers[0])  # what is done once a process is not what is measured
    free: asyncio.Queue[Caller] = asyncio.Queue()
    for caller in callers:
        free.put_nowait(caller)
    tapped: dict[str, float] = {}

    async def call(caller: Caller) -> None:
        r, at = await _one_call(caller)
        tapped[r] = at
        free.put_nowait(caller)

    assert made.loop is not None
    began, meter = time.monotonic(), Meter(made.web.process.pid, made.loop.pid, made.postgres)
    async with asyncio.TaskGroup() as running:  # a call that fails ends all: nobody waits for its member
        for number in range(int(size.rate * size.setup_s)):
            await asyncio.sleep(max(0.0, began + number / size.rate - time.monotonic()))
            caller = await free.get()
            if time.monotonic() - began > size.setup_s:
                break  # the rate is not sustained: the note says how many there were
            running.create_task(call(caller))
    used = meter.read()
    for caller in callers:
        await caller.close()
    return tapped, used


async def _one_call(caller: Caller) -> tuple[str, float]:
    """Start a call, watch it, hang up when one's phone rings, and wait for its end."""
    r, at = await caller.start()
    await caller.watch(r)
    await asyncio.wait_for(caller.expect(r, "clinician ringing"), PATIENCE_S)
    await caller.hang_up(r)
    await asyncio.wait_for(caller.expect(r, "call.ended"), PATIENCE_S)
    return r, at


# --- webhooks ---------------------------------------------------------------------------------------------------------


def _webhooks(stage: Stage, size: Size) -> None:
    """From a signed request of Twilio's to the event on the member's socket: 20 a second."""
    stage.say("calls: from the webhook to the screen")
    port = free_port()
    twilio: dict[str, Any] = {"CARRIER": "twilio", "TWILIO_ACCOUNT": ACCOUNT, "TWILIO_TOKENS": TOKEN,
              "TWILIO_URL": f"http://127.0.0.1:{port}", "WEBHOOK_URL": "http://carrier.example",
              "SERVICE_NUMBER": "+16175550199"}
    with service(stage, min(size.callers, 100), **twilio) as made:
        took = asyncio.run(_ring(made, size.webhooks))
        note = f"{len(took)} webhooks, {WEBHOOKS_A_SECOND:g}/s"
        stage.report.add("calls", "Curbside", "webhook p50", "ms", [p(took, 50)], note)
        stage.report.add("calls", "Curbside", "webhook p99", "ms", [p(took, 99)])


STATUSES: Final = (("initiated", "clinician dialing"), ("ringing", "clinician ringing"), ("busy", "clinician ended"))


async def _ring(made: Service, count: int) -> list[float]:
    """Have the carrier speak of every call, three times each, and return how long each word took (ms)."""
    callers = await open_callers(made.web.port, made.people)
    took: list[float] = []
    number = 0
    while len(took) < count:
        live = [(caller, (await caller.start())[0]) for caller in callers]
        for caller, r in live:
            await caller.watch(r)
        references = dict(made.query("SELECT call_id, reference FROM voice_attempt WHERE ended_at IS NULL"))
        for order, (status, what) in enumerate(STATUSES):
            began, running = time.monotonic(), []
            for place, (caller, r) in enumerate(live):
                number += 1
                await asyncio.sleep(max(0.0, began + place / WEBHOOKS_A_SECOND - time.monotonic()))
                running.append(asyncio.create_task(_post(made, caller, r, references[r], status, what, order)))
            took += await asyncio.gather(*running)
    for caller in callers:
        await caller.close()
    return took


async def _post(made: Service, caller: Caller, r: str, reference: str, status: str, what: str, order: int) -> float:
    sid = "CA" + hashlib.md5(reference.encode(), usedforsecurity=False).hexdigest()
    form = {"AccountSid": ACCOUNT, "CallSid": sid, "CallStatus": status, "SequenceNumber": str(order),
            "Timestamp": time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())}
    path = f"/voice/twilio/status/{reference}"
    body = urllib.parse.urlencode(form)
    signed = signature(TOKEN, "http://carrier.example" + path, form)
    head = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"X-Twilio-Signature: {signed}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n")
    heard = caller.expect(r, what)
    posted = time.time()
    reader, writer = await asyncio.open_connection("127.0.0.1", made.web.port)
    writer.write((head + body).encode())
    answer = await reader.readline()
    writer.close()
    if b" 200 " not in answer:
        raise RuntimeError(f"a webhook was answered {answer[:40]!r}")
    return (await asyncio.wait_for(heard, 30) - posted) * 1000


# --- in progress ------------------------------------------------------------------------------------------------------


def _in_progress(stage: Stage, size: Size) -> None:
    """CPU of the web process and the call loop, with no call and with many in which the two talk."""
    used: dict[int, list[float]] = {}
    for connected in (0, size.connected):
        stage.say(f"calls: {connected} in progress")
        with service(stage, 25, connected) as made:
            made.start_loop()
            assert made.loop is not None
            time.sleep(5.0 if stage.plan.name != "short" else 1.0)
            spent = measured(lambda: time.sleep(size.watch_s), made.web.process.pid, made.loop.pid)
            used[connected] = [seconds / size.watch_s * 100 for seconds in spent]
            live = made.query("SELECT count(*) FROM voice_call WHERE ended_at IS NULL")[0][0]
            if live != connected:
                raise RuntimeError(f"{live} calls are in progress, not {connected}")
    none, many = used[0], used[size.connected]
    for name, place in (("web process", 0), ("call loop", 1)):
        stage.report.add("calls", "Curbside", f"CPU of the {name}", "% of a core", [many[place]],
                         f"{none[place]:.1f} with no call")
    stage.report.add("calls", "Curbside", "timers", "% of a core", [max(0.0, sum(many) - sum(none))],
                     f"{size.connected} calls in progress, less what the two use with none")
