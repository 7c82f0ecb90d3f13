"""STUN and TURN servers of a peer connection: what browsers take, and credentials that name nobody and end."""

from __future__ import annotations

import re
from typing import Any

import pytest

from voice.ice import ice_servers as configured_servers
from voice.media.ice import IceHelp, credential, ice_servers

TURN = IceHelp(("stun:stun.example",), ("turn:turn.example?transport=tcp",), "a secret", 3900.0)


def test_credentials_are_those_that_the_draft_describes() -> None:
    # Computed apart: printf '1767225600:mark' | openssl dgst -sha1 -hmac 'a secret' -binary | base64
    assert credential("a secret", "1767225600:mark") == "Vt8yNw1oMT13phOkGuKa3CJIwww="


def test_a_user_is_named_by_an_end_and_a_random_word_alone() -> None:
    stun, turn = ice_servers(TURN, 1_000_000.9, "word")
    assert stun == {"urls": ["stun:stun.example"]}
    assert turn["username"] == "1003900:word" and turn["urls"] == ["turn:turn.example?transport=tcp"]
    assert turn["credential"] == credential("a secret", "1003900:word")


STUN = IceHelp(stun=("stun:stun.example",))


@pytest.mark.parametrize(("given", "count"), [(IceHelp(), 0), (STUN, 1), (TURN, 2)])
def test_only_what_is_configured_is_named(given: IceHelp, count: int) -> None:
    assert len(ice_servers(given, 0.0, "word")) == count


def test_the_secret_is_not_shown_by_the_settings_repr() -> None:
    assert "a secret" not in repr(TURN) and "a secret" not in repr(ice_servers(TURN, 0.0, "word"))


def test_credentials_outlive_the_longest_call_and_are_new_each_time(settings: Any) -> None:
    settings.CURBSIDE_STUN_URLS, settings.CURBSIDE_TURN_URLS = [], ["turn:turn.example"]
    settings.CURBSIDE_TURN_SECRET = "another secret"
    settings.CURBSIDE_CALL_SPANS = settings.CURBSIDE_CALL_SPANS | {"max_duration": 600.0}
    [one], [other] = configured_servers(5_000.0), configured_servers(5_000.0)
    assert one["username"] != other["username"]
    assert re.fullmatch(r"5900:[\w-]{12}", one["username"])
    assert one["credential"] == credential("another secret", one["username"])
