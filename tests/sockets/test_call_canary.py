"""No telephone number in anything that is kept, told or asked for: a whole day of a clinic, dumped and searched.

On SQLite the loopback carries the calls, on PostgreSQL a fake Twilio, to which patients also call back, whose requests
are forged and fail, and which answers errors with numbers in them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.flows.overhearing import Overheard, overhear_redis
from tests.peers.curbside import ROOT, Deployment
from tests.peers.postgres import Postgres
from tests.peers.redis import Redis
from tests.sockets.calling import SETTINGS, Clinic, opened, publish, start, until
from tests.sockets.digits import leaks, spelled, tables
from tests.sockets.wire import Wire
from tests.voice.fake_twilio import ACCOUNT, TOKEN, FakeTwilio, Phone
from tests.voice.fake_twilio.calls import ENDED
from tests.voice.riverside import HELD, OWN, PATIENT, PHONE

SERVICE, DESK, DUTY, STRANGER = "+16175550199", "+16175550170", "+16175550171", "+16175550188"
TYPED, BUSY, GONE, DOWN = "(617) 555-0177", "+1 617 555 0163", "+1 617 555 0166", "+1 617 555 0173"
IMPORTED, SECOND, LATER = "+16175550263", "+16175550264", "+16175550265"
OF_PEOPLE = [PHONE, PATIENT, DESK, DUTY, STRANGER, IMPORTED, SECOND, LATER, "+16175550177", "+16175550163",
             "+16175550166", "+16175550173", "+19005550121"]  # fmt: skip
NUMBERS = [*OF_PEOPLE, OWN, HELD, SERVICE]
FILE = """name,number,second,born
Zora Planted,617-555-0263,(617) 555 0264,1961-02-03
Nobody,617555,,
Paid,+1 900 555 0121,,
"""
LATER_FILE = "name,number\nYorick Planted,617.555.0265\nNobody,617 555\nPaid,+1 900 555 0121\n"
TWILIO = {
    "CARRIER": "twilio", "TWILIO_ACCOUNT": ACCOUNT, "TWILIO_TOKENS": TOKEN, "SERVICE_NUMBER": SERVICE,
    "CALL_CLINICIAN_ANSWER_S": 10, "CALL_PATIENT_ANSWER_S": 10, "CALL_PRESS_ONE_S": 10, "CALL_TEARDOWN_S": 2,
    "CALL_DIAL_UNCERTAIN_S": 2,
}  # fmt: skip
REFUSES = (400, json.dumps({"code": 13224, "status": 400, "message": f"{PATIENT} is not a number to call"}).encode())
LINKS = re.compile(r'href="(/staff/admin/\w+/\w+/)"')


@dataclass
class Day:
    """A clinic, the network its people are behind, and the Twilio that carries its calls, if one does."""

    clinic: Clinic
    network: Overheard
    twilio: FakeTwilio | None
    answers: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None, who: str = "administrator") -> Any:
        """A request of one of the clinic, which is carried out; its content."""
        status, text = self.clinic.http(method, path.replace("{c}", self.clinic.made["clinic"]), body, who)
        assert status < 300, (status, method, path, text)
        return json.loads(text) if text.startswith(("{", "[")) else text


@pytest.fixture(params=["sqlite", "postgres"], ids=["loopback", "twilio"])
def day(request: pytest.FixtureRequest, deploy: Callable[..., Deployment], tmp_path: Path) -> Iterator[Day]:
    with ExitStack() as stack:
        twilio, more = None, {}
        if request.param == "postgres":
            twilio = stack.enter_context(FakeTwilio(pace=0.1))
            people(twilio)
            more = {**TWILIO, "TWILIO_URL": twilio.url}
        deployment = deploy(request.param, **SETTINGS, **more)
        clinic = stack.enter_context(opened(deployment, tmp_path))
        network = stack.enter_context(Overheard(deployment.servers[0].port))
        clinic.url = network.url
        yield Day(clinic, network, twilio)


def people(twilio: FakeTwilio) -> None:
    """Who stands at the telephones, as the loopback's scripts have it for the same last digits."""
    twilio.exchange.owned |= {SERVICE, HELD}
    twilio.phone(PHONE, Phone(rings_s=1.0, presses_after_s=1.0))
    for number, then in ((PATIENT, "answer"), ("+16175550177", "answer"), ("+16175550163", "busy"),
                         ("+16175550166", "unreachable"), ("+16175550173", "invalid"), (IMPORTED, "busy"),
                         (DESK, "busy"), (DUTY, "busy")):
        twilio.phone(number, Phone(rings_s=1.0, then=then, keys=[]))


# --- a day ------------------------------------------------------------------------------------------------------------


async def calls(day: Day) -> None:
    """All that may go right and wrong with a call over the socket; one to a patient leaves a slip at the desk."""
    clinic = day.clinic
    day.ask("POST", "/clinics/{c}/patients/import", {"csv": FILE})
    [zora] = day.ask("POST", "/clinics/{c}/patients/search", {"q": "617 555 0263"})["items"]
    async with Wire(clinic.url) as wire:
        await wire.hello(clinic.made["ticket"])
        for number in (None, TYPED, BUSY, GONE, DOWN):
            r = await start(wire, clinic, **({} if number is None else {"number": number}))
            if number in (None, TYPED):
                await until(wire, r, "call.bridged")
                await publish(wire, r, "call.hang_up")
            await until(wire, r, "call.ended")
            await publish(wire, r, "call.outcome", how="wrong_number")
        r = await start(wire, clinic, patient=zora["id"])
        await until(wire, r, "call.ended", reason="patient_busy")
        await publish(wire, r, "call.outcome", how="no_answer", then="desk")
        for wrong in ("+1 900 555 0121", "911", OWN, PHONE, "x" * 39):
            refused = await publish(wire, "me", "call.start", **clinic.wish(number=wrong))
            assert refused["err"]["code"].startswith("call."), refused
        await publish(wire, "me", "call.start", **clinic.wish(number=[TYPED]))
        await publish(wire, "me", f"call.{TYPED}")
        if day.twilio:
            await broken(day.twilio, wire, clinic)
    for body in (clinic.wish(number=TYPED), clinic.wish(number="911"), {"number": TYPED}, [TYPED]):
        clinic.http("POST", "/calls/check", body)


async def broken(twilio: FakeTwilio, wire: Wire, clinic: Clinic) -> None:
    """Twilio refuses a dial in words that hold the number, and answers another with nonsense."""
    for rest in ("says", "nonsense"):
        twilio.faults.rest, twilio.faults.rest_left, twilio.faults.said = rest, 1, REFUSES
        r = await start(wire, clinic)
        await until(wire, r, "call.ended")


def call_back(day: Day, number: str, to: str = HELD) -> None:
    """Somebody calls a number of the service, to the end."""
    assert day.twilio is not None
    webhooks = day.clinic.deployment.servers[0].env["CURBSIDE_PUBLIC_URL"] + "/voice/twilio"
    call = day.twilio.exchange.call_in(number, to, f"{webhooks}/incoming", f"{webhooks}/ended")
    deadline = time.monotonic() + 20
    while call.status not in ENDED:
        assert time.monotonic() < deadline, "it did not end"
        time.sleep(0.02)


def incoming(day: Day) -> None:
    """Patients and others call back, the clinic's phones are busy; then requests are forged, and some of them fail."""
    twilio = day.twilio
    assert twilio is not None
    now = round(time.time() * 1000)
    [amara] = [one for one in day.ask("GET", "/clinics/{c}/members")["items"] if one["role"] == "physician"]
    turn = {"member": amara["id"], "number": "617 555 0171", "from": now, "until": now + 3_600_000}
    day.ask("POST", "/clinics/{c}/on-call", turn)
    day.ask("PUT", "/clinics/{c}/incoming", {"route": "desk", "after_hours": "on_call", "desk_number": "617-555-0170"})
    for number in (PATIENT, STRANGER, "+266696687"):
        call_back(day, number)
    day.ask("PUT", "/clinics/{c}/incoming", {"route": "on_call"})
    call_back(day, IMPORTED)
    call_back(day, PATIENT, OWN)
    assert {one["kind"] for one in day.ask("GET", "/clinics/{c}/slips")["items"]} == {"incoming", "outgoing"}
    came = next(posted for posted in twilio.poster.posted if posted.url.endswith("/incoming"))
    assert twilio.poster.post_once(came.url, came.form, "forged").status == 403
    with lost_table(day.clinic.deployment, "voice_returncall"), lost_table(day.clinic.deployment, "voice_patientlook"):
        call_back(day, STRANGER)
        search = f"/clinics/{day.clinic.made['clinic']}/patients/search"
        assert day.clinic.http("POST", search, {"q": IMPORTED})[0] == 500
    assert [posted.status for posted in twilio.poster.posted if posted.url.endswith("/incoming")].count(500) == 1


@contextmanager
def lost_table(deployment: Deployment, name: str) -> Iterator[None]:
    """A table is gone meanwhile: what PostgreSQL says of that holds the statement."""
    with psycopg.connect(deployment.database, autocommit=True) as database:
        database.execute(f"ALTER TABLE {name} RENAME TO lost_{name}".encode())
        try:
            yield
        finally:
            database.execute(f"ALTER TABLE lost_{name} RENAME TO {name}".encode())


def at_the_desk(day: Day) -> None:
    """A slip is found by the whole number, taken and closed; everything is listed, and exported."""
    [slip] = day.ask("POST", "/clinics/{c}/slips/search", {"q": "(617) 555-0263"})["items"]
    day.ask("POST", f"/slips/{slip['id']}/claim")
    day.ask("POST", f"/slips/{slip['id']}/close", {"how": "reached"})
    [own] = [one for one in day.ask("GET", "/calls", who="token")["items"] if one["r"] == slip["r"]]
    for path in ("/calls/setup", f"/calls/{own['r']}", "/phone"):
        day.ask("GET", path, who="token")
    for path in ("slips", "calls", "calls/minutes", "numbers", "incoming", "members"):
        day.ask("GET", f"/clinics/{{c}}/{path}")
    exported = day.ask("GET", "/clinics/{c}/calls.csv")
    assert exported.count("\n") > 6 and slip["r"] in exported


def admin_lists(day: Day) -> str:
    """Every list of the admin, and the first pages behind each."""
    cookie = {"Cookie": f"curbside_session={day.clinic.made['staff']}"}

    def show(address: str) -> str:
        status, page = day.clinic.fetch("GET", address, **cookie)
        assert status == 200, (address, status)
        return page

    pages = [index := show("/staff/admin/")]
    lists = sorted(set(LINKS.findall(index)))
    assert any("/voice/" in one for one in lists) and len(lists) > 5, lists
    for one in lists:
        pages.append(show(one))
        pages += [show(one + link) for link in re.findall(rf'href="{one}([^/"]+/change/)"', pages[-1])[:2]]
    return "\n".join(pages)


def chores(day: Day) -> str:
    """What an operator's commands print."""
    argv = [sys.executable, "-m", "tests.voice.chores", day.clinic.made["clinic"], day.clinic.made["email"]]
    done = subprocess.run(argv, cwd=ROOT, env=day.clinic.deployment.env, input=LATER_FILE, check=False,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "missing_here" in done.stdout and "1 added, 0 known" in done.stdout, done.stdout
    return done.stdout + done.stderr


# --- the canary -------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(240)
async def test_no_number_stands_in_a_log_a_table_redis_an_address_an_admin_list_or_an_answer(
    day: Day, redis_peer: Redis, request: pytest.FixtureRequest
) -> None:
    with overhear_redis(redis_peer) as heard:
        await calls(day)
        if day.twilio:
            incoming(day)
        at_the_desk(day)
        seen, printed = admin_lists(day), chores(day)
    deployment = day.clinic.deployment
    places = tables(deployment) | {
        "the log of the server": deployment.said(),
        "the log of the call loop": day.clinic.loop.log.read_text(),
        "Redis": bytes(heard).decode("latin-1"),
        "the admin": seen,
        "the operator's commands": printed,
    }
    down = {"what went down to its people": bytes(day.network.heard).decode("latin-1")}
    assert "a carrier did not take a dial" in places["the log of the call loop"], "nothing was logged"
    assert "Zora Planted" in down["what went down to its people"], "nothing was overheard"
    if day.twilio:
        places |= of_twilio(day.twilio)
        cluster: Postgres = request.getfixturevalue("postgres_cluster")
        places["the log of PostgreSQL"] = cluster.log.read_text("utf-8", "replace")
        assert "voice_returncall" in places["the log of PostgreSQL"] and "PUBLISH" in places["Redis"].upper()
        assert {"a webhook was refused", "a webhook failed and is asked for again"} <= words(deployment.said())
    assert leaks(places, NUMBERS) + leaks(down, OF_PEOPLE) == []


def of_twilio(twilio: FakeTwilio) -> dict[str, str]:
    """The addresses at which Twilio was asked, and those that it was given and came to."""
    fields = [(name, str(value)) for asked in twilio.rest.asked for name, value in asked.form.items()]
    given = [value for name, value in fields if name in ("Url", "StatusCallback")]
    assert given and twilio.poster.posted
    return {"addresses at Twilio": "\n".join(f"{asked.path}?{asked.query}" for asked in twilio.rest.asked),
            "addresses for Twilio": "\n".join([*given, *(posted.url for posted in twilio.poster.posted)])}


def words(log: str) -> set[str]:
    """The messages of a log."""
    return {str(json.loads(line).get("message", "")) for line in log.splitlines() if line.startswith("{")}


def test_the_canary_finds_a_number_in_every_usual_spelling() -> None:
    for text in [*spelled(PATIENT), "555-0155", "5550155", "call (617) / 555 - 0155 now", '{"to": "617 555.0155"}']:
        assert leaks({"there": f"before {text} after"}, NUMBERS) == ["0155 in there"], text
    for text in ("•• 55, 2026-11-22 05:50:15, 1 617 555 0187", "a5550155c0ffee"):
        assert leaks({"there": text}, NUMBERS) == [], text
