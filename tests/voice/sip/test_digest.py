"""Digest authentication: the examples of the RFCs to the letter, and when a request is worth sending anew."""

from __future__ import annotations

import time

import pytest

from voice.sip.digest import ROUNDS_MOST, Digest, Tries
from voice.sip.message import Headers, Response
from voice.sip.values import parse_challenge

REALM = 'realm="http-auth@example.org"'
NONCE = 'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"'
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
OPAQUE = 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'


def challenged(*challenges: str, status: int = 401) -> Response:
    name = "www-authenticate" if status == 401 else "proxy-authenticate"
    return Response(status, "Who are you", Headers((name, text) for text in challenges))


def mufasa(cnonce: str = CNONCE, password: str = "Circle of Life") -> Digest:
    return Digest("Mufasa", password, cnonce=lambda: cnonce)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
     ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")],
)  # fmt: skip
def test_the_examples_of_rfc_7616_are_answered_as_it_says(algorithm: str, response: str) -> None:
    digest = mufasa()
    text = f'Digest {REALM}, qop="auth, auth-int", algorithm={algorithm}, {NONCE}, {OPAQUE}'
    assert digest.learn(challenged(text), Tries())
    [(header, value)] = digest.credentials("GET", "/dir/index.html")
    said = parse_challenge(value)[1]
    assert (header, said["response"], said["nc"]) == ("authorization", response, "00000001")
    assert (said["algorithm"], said["qop"], said["opaque"]) == (algorithm, "auth", OPAQUE[8:-1])


def test_the_example_of_rfc_2617_and_one_without_qop() -> None:
    digest = mufasa("0a4f113b", "Circle Of Life")
    realm, nonce = 'realm="testrealm@host.com"', 'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    digest.learn(challenged(f'Digest {realm}, qop="auth,auth-int", {nonce}'), Tries())
    assert 'response="6629fae49393a05397450978507c4ef1"' in digest.credentials("GET", "/dir/index.html")[0][1]
    digest.learn(challenged(f"Digest {realm}, {nonce}"), Tries())
    value = digest.credentials("GET", "/dir/index.html")[0][1]
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in value
    assert "qop" not in value and "cnonce" not in value


def test_each_use_of_a_nonce_is_counted_and_a_new_one_counts_anew() -> None:
    digest, tries = mufasa(), Tries()
    digest.learn(challenged(f'Digest {REALM}, {NONCE}, qop="auth"'), tries)
    counts = [parse_challenge(digest.credentials("INVITE", "sip:a")[0][1])[1]["nc"] for _ in range(3)]
    assert counts == ["00000001", "00000002", "00000003"]
    digest.learn(challenged(f'Digest {REALM}, nonce="two", qop="auth", stale=TRUE'), tries)
    assert "nc=00000001" in digest.credentials("INVITE", "sip:a")[0][1]


def test_the_topmost_challenge_that_we_know_is_answered() -> None:
    digest = mufasa()
    texts = [f"Digest {REALM}, {NONCE}, algorithm={name}" for name in ("SHA-512-256", "SHA-256", "MD5")]
    assert digest.learn(challenged(*texts), Tries())
    [(_, value)] = digest.credentials("INVITE", "sip:a")
    assert "algorithm=SHA-256" in value


def test_a_proxy_and_the_far_end_may_both_ask() -> None:
    digest, tries = mufasa(), Tries()
    assert digest.learn(challenged('Digest realm="proxy", nonce="1"', status=407), tries)
    assert digest.learn(challenged('Digest realm="far", nonce="2"'), tries)
    assert [name for name, _ in digest.credentials("INVITE", "sip:a")] == ["proxy-authorization", "authorization"]


def test_a_refused_answer_is_not_given_again_but_after_a_stale_nonce() -> None:
    digest, tries = mufasa(), Tries()
    assert digest.learn(challenged('Digest realm="a", nonce="1"'), tries)
    assert not digest.learn(challenged('Digest realm="a", nonce="2"'), tries)
    tries = Tries()
    assert digest.learn(challenged('Digest realm="a", nonce="1"'), tries)
    assert digest.learn(challenged('Digest realm="a", nonce="2", stale=true'), tries)


def test_a_trunk_that_calls_every_nonce_stale_is_given_up() -> None:
    digest, tries = mufasa(), Tries()
    stale = challenged('Digest realm="a", nonce="1", stale=true')
    assert [digest.learn(stale, tries) for _ in range(ROUNDS_MOST + 1)] == [True] * ROUNDS_MOST + [False]


@pytest.mark.parametrize(
    "text",
    ['Basic realm="a"', "Digest", 'Digest realm="a"', 'Digest nonce="a"', 'Digest realm="a", nonce="1", qop="auth-int"',
     'Digest realm="a", nonce="1", algorithm=ROT13', 'Digest realm="a, nonce="1"', "Digest realm=a nonce=1"],
)  # fmt: skip
def test_what_cannot_be_answered_is_not_tried(text: str) -> None:
    digest = mufasa()
    assert not digest.learn(challenged(text), Tries())
    assert digest.credentials("INVITE", "sip:a") == []


def test_only_the_realm_of_the_trunk_is_answered_where_it_is_known() -> None:
    digest = Digest("Mufasa", "Circle of Life", "trunk")
    assert not digest.learn(challenged('Digest realm="whoever was called", nonce="1"'), Tries())
    assert digest.credentials("INVITE", "sip:a") == []
    assert digest.learn(challenged('Digest realm="trunk", nonce="1"'), Tries())


def test_without_a_password_nothing_is_answered() -> None:
    assert not Digest("", "").learn(challenged('Digest realm="a", nonce="1"'), Tries())


def test_quotes_in_a_realm_come_back_as_they_were() -> None:
    digest = mufasa()
    digest.learn(challenged('Digest realm="a\\"b, c\\\\", nonce="1"'), Tries())
    assert 'realm="a\\"b, c\\\\"' in digest.credentials("INVITE", "sip:a")[0][1]


def test_a_long_challenge_that_does_not_end_takes_no_time() -> None:
    """A library that was looked at took a second for 158 bytes of this, and twice as long for each pair more."""
    text = "Digest " + ", ".join(f'a{i}="x"' for i in range(1500)) + "!"
    began = time.perf_counter()
    assert not mufasa().learn(challenged(text), Tries())
    assert time.perf_counter() - began < 1
