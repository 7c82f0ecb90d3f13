"""What Twilio is told to bring a leg's sound by, and by what its handshake is known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from tests.voice.fake_twilio import ACCOUNT, TOKEN
from tests.voice.fake_twilio.callbacks import signature
from tests.voice.fake_twilio.document import read
from voice.carriers.base import WebhookRequest
from voice.carriers.documents import BringsSound, Instruction
from voice.carriers.loopback import Loopback
from voice.carriers.twilio import Twilio

URL = "wss://media1.example/voice/streams"
BROUGHT = Instruction("stream", "patient-leg", stream_url=URL, token="t0ken & <more>")


@pytest.fixture
def twilio() -> Iterator[Twilio]:
    with override_settings(CURBSIDE_TWILIO_ACCOUNT=ACCOUNT, CURBSIDE_TWILIO_TOKENS=["newer", TOKEN]):
        yield Twilio()


def test_the_document_names_the_worker_and_holds_the_token_beside_the_address(twilio: Twilio) -> None:
    written = twilio.instruct(WebhookRequest("/voice/twilio/answered/patient-leg", "", {}, {}), BROUGHT)
    connect, hangup = read(written.body.decode())
    assert (connect.name, hangup.name) == ("Connect", "Hangup")
    [stream] = connect.inside
    assert stream.attributes == {"url": URL}
    assert [inside.attributes for inside in stream.inside] == [{"name": "token", "value": "t0ken & <more>"}]
    assert "t0ken" not in repr(BROUGHT) + repr(written)


def test_a_handshake_counts_only_as_twilio_signed_it(twilio: Twilio) -> None:
    for signed, good in (
        (signature(TOKEN, URL, {}), True),
        (signature(TOKEN, URL + "/", {}), True),
        (signature("newer", URL, {}), True),
        (signature("another", URL, {}), False),
        (signature(TOKEN, "wss://elsewhere.example/voice/streams", {}), False),
        ("", False),
    ):
        assert twilio.genuine(URL, {"X-Twilio-Signature": signed}) is good
    assert not twilio.genuine(URL, {})


def test_which_carriers_bring_sound() -> None:
    assert issubclass(Twilio, BringsSound) and not issubclass(Loopback, BringsSound)
