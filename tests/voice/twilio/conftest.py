"""A clinic on a line to the fake Twilio: real webhooks over HTTP, a real call loop, real commits."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.voice.fake_twilio import FakeTwilio
from tests.voice.twilio_line import PACE, TwilioLine, looping, through_twilio


@pytest.fixture
def line(transactional_db: None, live_server: Any) -> Iterator[TwilioLine]:
    """The clinic, its line, and a loop that carries it."""
    urllib.request.urlopen(live_server.url + "/healthz", timeout=30).close()  # its first answer imports everything
    with FakeTwilio(PACE) as fake, through_twilio(fake, live_server.url):
        made = TwilioLine(fake, live_server.url)
        with looping():
            yield made
            fake.end_all()
        assert fake.violations == []
