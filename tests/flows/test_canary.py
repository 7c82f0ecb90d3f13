"""Words planted in two members, carried through the whole journey: no byte that leaves for a peer holds one of them.

Everything is overheard: the bytes that go down to each member over HTTP and the socket, Redis, web push, the servers'
logs, and the tables of conversations. What is said clinically is in no log, in no Redis and in no push either.
"""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

import pytest
from curbside import Client, Event, PublishRefused

from tests.flows.overhearing import Overheard, PushService, conversation_tables, leaks, overhear_redis
from tests.flows.programs import Json, call, sign_in
from tests.members.test_views import AUTH, KEY
from tests.peers.curbside import Deployment, manage
from tests.peers.postgres import Postgres
from tests.peers.redis import Redis
from tests.sockets.wire import Wire

pytestmark = pytest.mark.timeout(300)

PASSWORD = "planted password that nobody guesses"
CLINICAL = "xanthogranuloma"
QUESTION = f"A {CLINICAL} after transplant, growing. Biopsy first?"


@dataclass
class Member:
    """One person with planted words, behind a network of their own that is overheard."""

    who: str
    name: str
    email: str
    zone: str
    country: str
    specialty: str
    network: Overheard
    secrets: list[str] = field(default_factory=list)
    token: str = ""
    me: Json = field(default_factory=dict)

    def words(self) -> list[str]:
        """What nobody else may ever be sent."""
        first, last = self.name.split()
        return [first, last, self.email, self.zone, f'"{self.country}"', f"{self.who}'s planted phone", *self.secrets]

    def http(self, method: str, path: str, body: Json | None = None) -> Json:
        """A request as this member; a refusal is an answer too."""
        try:
            return call(self.network.url, method, path, body, Authorization=f"Bearer {self.token}")
        except HTTPError as error:
            with error:
                return {"status": error.code, "text": error.read().decode()}

    def client(self) -> Client:
        """The socket of this member."""
        return Client(self.network.url, token=self.token)


SERVERS = ("uvicorn", "daphne", "uvicorn")
PEOPLE = (
    ("asker", "Zebulonia Quixworth", "zq.planted@quixmail.example", "Antarctica/Troll", "BV", "emergency_medicine"),
    ("answerer", "Thelonius Wyvernsmith", "tw.planted@wyvmail.example", "Pacific/Kiritimati", "KI", "nephrology"),
    ("outsider", "Ottoline Grubenfeld", "og.planted@grubmail.example", "Asia/Ust-Nera", "GS", "dermatology"),
)


@pytest.fixture
def push_service() -> Iterator[PushService]:
    """Where the members' devices are woken."""
    service = PushService()
    yield service
    service.close()


@pytest.fixture
def members(
    postgres_cluster: Postgres, redis_peer: Redis, tmp_path: Path
) -> Iterator[tuple[Deployment, list[Member]]]:
    """Two servers on PostgreSQL and Redis, and three members on them: asker, answerer, outsider."""
    deployment = Deployment(postgres_cluster.create_database("canary"), [], tmp_path, REDIS_URL=redis_peer.url)
    manage(deployment.env, "migrate", "-v0")
    people = []
    for kind, (who, name, email, zone, country, specialty) in zip(SERVERS, PEOPLE, strict=True):
        argv = ("--name", name, "--specialty", specialty, "--country", country, "--time-zone", zone, "--verified")
        env = {**deployment.env, "CURBSIDE_PASSWORD": PASSWORD}
        manage(env, "create_member", email, *argv, "--region", "Europe", "--years", "20")
        server = deployment.servers[0] if len(deployment.servers) == 2 else deployment.start(kind)
        network = Overheard(server.port)
        network.__enter__()
        people.append(Member(who, name, email, zone, country, specialty, network))
    yield deployment, people
    for person in people:
        person.network.__exit__()
    deployment.stop()


def enter(deployment: Deployment, person: Member, push_service: PushService) -> None:
    """Sign in as a phone does, and let the phone be woken."""
    session, person.token = sign_in(person.network.url, person.email, PASSWORD)
    [(account,)] = deployment.query("SELECT id FROM members_account WHERE email = %s", person.email)
    person.secrets = [str(account), session, person.token]
    person.me = person.http("GET", "/api/v1/me")
    label, endpoint = f"{person.who}'s planted phone", f"{push_service.url}/{person.who}"
    keys = {"p256dh": KEY, "auth": AUTH}
    person.http("POST", "/api/v1/devices", {"endpoint": endpoint, "keys": keys, "label": label})


async def next_event(events: Any, kind: str) -> Event:
    """The next event of that kind."""
    async with asyncio.timeout(20):
        async for event in events:
            if event.kind == kind:
                found: Event = event
                return found
    raise AssertionError(kind)


async def consult(asker: Member, answerer: Member) -> str:
    """A question, handed back once and taken again; talk, changes, an outcome, a reopening."""
    async with asker.client() as asks, answerer.client() as answers:
        offers = answers.events(answerer.me["inbox"])
        await answers.subscribe(answerer.me["inbox"])
        await asks.subscribe(asker.me["inbox"])
        asked = {"specialty": "nephrology", "question": QUESTION, "language": "en", "urgency": "now"}
        r = str((await asks.publish("me", "consult.ask", asked)).made)
        heard = asks.events(r)
        await asks.subscribe(r, position=0)
        offer = await next_event(offers, "offer.made")
        await answers.publish("me", "offer.accept", {"offer": offer.d["offer"]})
        await next_event(heard, "consult.joined")
        await answers.subscribe(r, position=0)
        answers.typing(r)
        said = await answers.publish(r, "message", {"text": f"Yes, the {CLINICAL} first."})
        asks.read(r, (await next_event(heard, "message")).seq)
        await answers.publish(r, "edit", {"target": said.seq, "text": f"Yes, biopsy the {CLINICAL} tomorrow."})
        gone = await asks.publish(r, "message", {"text": f"Is {CLINICAL} ever benign?"})
        await asks.publish(r, "redact", {"target": gone.seq})
        with pytest.raises(PublishRefused):
            await asks.publish(r, "message", {"text": f"Call about the {CLINICAL}: 617 555 0142"})
        await asks.publish("me", "consult.report", {"r": r, "reason": f"uncivil: {CLINICAL}", "about": said.seq})
        await asks.publish(r, "message", {"text": "Unread until the phone is woken."})
        await asyncio.sleep(6)
        await asks.publish(r, "consult.close", {"outcome": "answered", "note": f"{CLINICAL} clinic"})
        await answers.publish(r, "consult.reopen", {})
        await asks.publish(r, "consult.reopen", {})
        await answers.publish(r, "consult.close", {"outcome": "partly"})
        return r


async def misbehave(person: Member, r: str) -> None:
    """Everything that is refused, with words in it that no log may hold."""
    said = {"text": f"{CLINICAL} again"}
    ticket = str((await asyncio.to_thread(person.http, "POST", "/api/v1/ticket", {}))["ticket"])
    async with Wire(person.network.url) as wire:
        await wire.hello(ticket, {"r": r})
        c = str(uuid.uuid4())
        for kind, d in (("message", said), (CLINICAL, said), ("message", {"text": CLINICAL * 2000}), ("edit", {})):
            await wire.ask(t="pub", r=r, c=c, k=kind, d=d)
        await wire.ask(t="pub", r="no-such-stream-as-this", c=str(uuid.uuid4()), k="message", d=said)
        await wire.send_raw("{" + CLINICAL)
        await wire.closed()
    async with Wire(person.network.url) as wire:
        await wire.send({"t": "hello", "i": 1, "v": 1, "tok": CLINICAL, "dev": CLINICAL})
        await wire.closed()


def read_pages(person: Member, r: str) -> None:
    """All that can be read, and a good deal that cannot."""
    word = quote(f"{CLINICAL} <>")
    for path in (
        "me", "consults", f"consults/{r}", f"consults/{r}/summary", "offers", "wait?specialty=nephrology",
        f"streams/{r}/events", f"streams/{r}/events?before=3", f"streams/{word}/events", f"consults/{word}",
        f"consults?before={word}", f"wait?specialty={word}", "sessions", "devices", "tokens", "availability", word,
    ):
        person.http("GET", f"/api/v1/{path}")
    person.http("PUT", "/api/v1/availability", {"on": True, "specialties": [CLINICAL]})
    person.http("POST", "/api/v1/summaries/verify", {"text": CLINICAL})
    person.http("PATCH", "/api/v1/me", {"time_zone": CLINICAL})


async def test_no_planted_word_leaves_for_a_peer_and_no_clinical_word_reaches_a_log_redis_or_a_push(
    members: tuple[Deployment, list[Member]], push_service: PushService, redis_peer: Redis
) -> None:
    deployment, (asker, answerer, outsider) = members
    with overhear_redis(redis_peer) as redis_heard:
        for person in (asker, answerer, outsider):
            await asyncio.to_thread(enter, deployment, person, push_service)
        answerer.http("PUT", "/api/v1/availability", {"on": True, "specialties": ["nephrology"]})
        r = await consult(asker, answerer)
        for person in (asker, answerer, outsider):
            await misbehave(person, r)
            await asyncio.to_thread(read_pages, person, r)
        summary = answerer.http("GET", f"/api/v1/consults/{r}/summary")["text"]
        outsider.http("POST", "/api/v1/summaries/verify", {"text": summary})

    assert QUESTION.encode() in answerer.network.heard, "nothing was overheard"
    assert {path for path, _ in push_service.heard} == {"/asker", "/answerer"}
    for person in (asker, answerer, outsider):
        others = [word for other in (asker, answerer, outsider) if other is not person for word in other.words()]
        assert leaks(others, {person.who: bytes(person.network.heard)}) == []
    assert leaks([QUESTION, "growing", "biopsy"], {"the outsider": bytes(outsider.network.heard)}) == []
    everyone = [word for person in (asker, answerer, outsider) for word in person.words()]
    apart = {
        "the log": deployment.said().encode(),
        "Redis": bytes(redis_heard),
        "push": b"\n".join(data for _, data in push_service.heard),
    }
    assert b"PUBLISH" in redis_heard.upper(), "nothing was overheard of Redis"
    assert leaks([*everyone, CLINICAL, "growing", "0142"], apart) == []
    assert leaks(everyone, conversation_tables(deployment)) == []
    assert leaks([r], {"the log": apart["the log"], "push": apart["push"]}) == []


def test_the_ears_hear_what_they_are_to_hear() -> None:
    word = "zq.planted@quixmail.example"
    ticket = json.dumps({"member": word}).encode()
    for place in (word.encode(), word.upper().encode(), base64.urlsafe_b64encode(b"x" + ticket)):
        assert leaks([word], {"there": b"..." + place + b"..."}) == [f"{word} in there"]
    assert leaks([word], {"there": b"zq.planted at quixmail"}) == []
