"""The credentials of `ice.py` at a real coturn as it is shipped: UDP and TCP; the inside is not reached."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator

import pytest
from aioice import turn as client

from tests.peers.coturn import Coturn
from tests.voice.media.phone import Phone
from voice.media.ice import IceHelp, ice_servers

SECRET = "a secret that only tests may have"
NONCE = "n0nce"
"""In the name of every user here: found in a log it betrays who was here."""


@pytest.fixture(scope="module")
def turn() -> Iterator[Coturn]:
    made = Coturn(SECRET)
    yield made
    made.close()


def credentials(secret: str = SECRET, life_s: float = 60.0) -> tuple[str, str]:
    given = IceHelp(turn=("turn:127.0.0.1",), secret=secret, life_s=life_s)
    [server] = ice_servers(given, time.time(), NONCE + secrets.token_hex(4))
    return server["username"], server["credential"]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_sound_passes_with_our_credentials(turn: Coturn, transport: str) -> None:
    username, password = credentials()
    behind, phone = Phone(440), await Phone.open(880)
    relayed, _ = await client.create_turn_endpoint(
        lambda: behind, ("127.0.0.1", turn.port), username, password, transport=transport
    )
    behind.through(relayed)
    await behind.talk(phone.port, 20)
    await phone.talk(behind.port, 20)
    await asyncio.sleep(0.05)
    assert phone.hears(440) > 0.9 and behind.hears(880) > 0.9
    assert behind.port in range(49_160, 49_960), "the port is one of the relay's"
    behind.close()
    phone.close()


@pytest.mark.parametrize(
    ("secret", "life_s"), [("a secret of somebody else", 60.0), (SECRET, -60.0)], ids=["forged", "expired"]
)
def test_nothing_passes_without(turn: Coturn, secret: str, life_s: float) -> None:
    done = turn.try_peer("127.0.0.1", *credentials(secret, life_s))
    assert done.returncode != 0 and "Cannot complete Allocation" in done.stdout


@pytest.mark.parametrize(
    "peer", ["10.0.0.1", "192.168.1.1", "169.254.169.254", "172.30.7.9", "100.64.0.1", "0.0.0.0", "224.0.0.1"]
)
def test_the_inside_is_not_reached(turn: Coturn, peer: str) -> None:
    assert "403 (Forbidden IP)" in turn.try_peer(peer, *credentials()).stdout


def test_the_log_says_nothing_of_who_was_here(turn: Coturn) -> None:
    turn.try_peer("10.0.0.1", *credentials())
    assert NONCE not in turn.process.said() and "session" not in turn.process.said()
