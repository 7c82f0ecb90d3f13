"""Who a patient sees is the same on every INVITE of a call: each one asked for anew, held, resumed, made again."""

from __future__ import annotations

import hashlib

import pytest

from tests.voice.sip.far_end import ANSWER, CONTACT, HELD, SHOWN, FarEnd
from voice.sip.message import Request
from voice.sip.values import parse_challenge

REALM, USER, PASSWORD = "trunk", "trunk-user", "trunk-secret"
HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def invited(far: FarEnd) -> Request:
    """The one INVITE among what was sent since the last look."""
    [found] = [each for each in far.sent() if isinstance(each, Request) and each.method == "INVITE"]
    return found


def right(value: str, uri: str, nonce: str, algorithm: str) -> bool:
    """Whether credentials of an INVITE know the password, reckoned without the code under test.

    Source: RFC 7616, section 3.4.1.
    """

    def digest(text: str) -> str:
        return HASHES[algorithm](text.encode()).hexdigest()

    said = parse_challenge(value)[1]
    secret, asked = digest(f"{USER}:{REALM}:{PASSWORD}"), digest(f"INVITE:{uri}")
    wanted = digest(f"{secret}:{nonce}:{said['nc']}:{said['cnonce']}:auth:{asked}")
    return (said["response"], said["nonce"], said["algorithm"]) == (wanted, nonce, algorithm)


@pytest.mark.parametrize("algorithm", HASHES)
@pytest.mark.parametrize(
    ("status", "asks", "answers"),
    [(401, "WWW-Authenticate", "authorization"), (407, "Proxy-Authenticate", "proxy-authorization")],
)
def test_every_invite_of_a_call_names_the_same_caller(status: int, asks: str, answers: str, algorithm: str) -> None:
    far = FarEnd(username=USER, password=PASSWORD, ours="clinic.example")
    leg = far.call()
    invites = [far.request("INVITE")]
    challenge = f'Digest realm="{REALM}", nonce="{{}}", algorithm={algorithm}, qop="auth"'
    for nonce, stale in (("n1", ""), ("n2", ", stale=true")):
        far.reply(invites[-1], status, (asks, challenge.format(nonce) + stale))
        invites.append(invited(far))
        assert right(invites[-1].headers.one(answers), invites[-1].uri, nonce, algorithm)
    far.reply(invites[-1], 422, ("Min-SE", "3600"))
    invites.append(invited(far))
    far.reply(invites[-1], 200, CONTACT, ("Session-Expires", "3600;refresher=uac"), body=ANSWER)
    far.request("ACK")
    far.agent.change(leg, "sendonly", far.now)
    invites.append(invited(far))
    far.reply(invites[-1], 491)  # glare
    far.wait(5)
    invites.append(invited(far))
    far.reply(invites[-1], 200, CONTACT, body=HELD)
    far.sent()
    far.agent.change(leg, "sendrecv", far.now)
    invites.append(invited(far))
    far.reply(invites[-1], 200, CONTACT, ("Session-Expires", "3600;refresher=uac"), body=ANSWER)
    far.sent()
    far.wait(1801)  # half of the session: it is refreshed
    invites.append(invited(far))
    assert len(invites) == 8
    assert len({invite.headers.one("from") for invite in invites}) == 1
    assert {invite.headers.one("p-asserted-identity") for invite in invites} == {f"<sip:{SHOWN}@clinic.example>"}
    assert f"<sip:{SHOWN}@clinic.example>;tag=" in invites[0].headers.one("from")
