"""Typed readers: a wrong value stops the start, by the variable's name and never by its value."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from settings import env, network

SECRET = base64.b64encode(bytes(range(32))).decode()
READERS: dict[str, Callable[[], Any]] = {
    "flag": lambda: env.flag("PLANTED", False, "a test"),
    "whole": lambda: env.whole("PLANTED", 5, "a test", least=1, most=9),
    "unbounded": lambda: env.whole("PLANTED", 5, "a test"),
    "seconds": lambda: env.seconds("PLANTED", 5.0, "a test", least=0.5),
    "rate": lambda: env.rate("PLANTED", 5.0, "a test"),
    "prices": lambda: env.prices("PLANTED", 5, "a test"),
    "choice": lambda: env.choice("PLANTED", ("one", "two"), "one", "a test"),
    "secret": lambda: env.secret("PLANTED", None, "a test"),
    "address": lambda: env.address("PLANTED", "", "a test", schemes=("http", "https")),
    "stun": lambda: network.ice_urls("PLANTED", "a test", schemes=("stun", "stuns")),
    "turn": lambda: network.ice_urls("PLANTED", "a test", schemes=("turn", "turns")),
    "stream": lambda: network.stream_url("PLANTED", "a test"),
    "listening": lambda: network.listening("PLANTED", ("127.0.0.1", 8090), "a test"),
    "database": lambda: env.database("PLANTED", Path("x.sqlite3"), "a test"),
}


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    env.KNOWN.pop("CURBSIDE_PLANTED", None)


@pytest.mark.parametrize(
    ("reader", "given"),
    [
        ("flag", "hunter2"), ("flag", "2"), ("whole", "ten"), ("whole", "10"), ("whole", "0"), ("whole", "1.5"),
        ("unbounded", "-1"), ("unbounded", "1e9"), ("seconds", "0.4"), ("seconds", "inf"), ("seconds", "nan"),
        ("seconds", "5s"), ("rate", "0"), ("rate", "-1"), ("prices", "0"), ("prices", "SE:9"),
        ("prices", "5,SE"), ("prices", "5,SE:0"), ("prices", "5,SE:9,SE:8"), ("prices", "5,se:9"),
        ("prices", "5,SWE:9"), ("prices", "5,"), ("prices", "5,SE:hunter2"), ("choice", "three"), ("secret", "hunter2"),
        ("secret", SECRET + "hunter2"), ("secret", "ä" * 44), ("address", "localhost:8000"), ("address", "ftp://host"),
        ("address", "http://"), ("address", "http://host:99999999"), ("database", "mysql://u:hunter2@host/name"),
        ("database", "postgresql://u:hunter2@host"), ("database", "sqlite:"), ("database", "postgresql://u:p@h:x/n"),
        ("stun", "stun.example"), ("stun", "turn:turn.example"), ("stun", "stun:stun.example?transport=udp"),
        ("turn", "turn:user:hunter2@turn.example"), ("turn", "turn:turn.example?transport=tls"),
        ("turn", "turn:,turn:a"),
        ("stream", "https://host/x"), ("stream", "ws://host/x"), ("stream", "wss://host/x?token=hunter2"),
        ("stream", "wss://u:hunter2@host/x"), ("stream", "wss://host"), ("stream", "wss://host:port/x"),
        ("listening", "8090"), ("listening", "host:0"), ("listening", "host:hunter2"), ("listening", "host:80/x"),
    ],
)  # fmt: skip
def test_a_wrong_value_stops_the_start_and_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, reader: str, given: str
) -> None:
    monkeypatch.setenv("CURBSIDE_PLANTED", given)
    with pytest.raises(ImproperlyConfigured) as stopped:
        READERS[reader]()
    sentence = str(stopped.value)
    assert sentence.startswith("CURBSIDE_PLANTED must be ")
    assert "hunter2" not in sentence and SECRET not in sentence
    assert stopped.value.__suppress_context__, "a traceback would show the value"


@pytest.mark.parametrize(
    ("reader", "given", "read"),
    [
        ("flag", "On", True), ("flag", "0", False), ("whole", "9", 9), ("seconds", "0.5", 0.5), ("rate", "0.1", 0.1),
        ("prices", "7", env.Prices(7, {})), ("prices", "5, SE:9 ,JM:40", env.Prices(5, {"SE": 9, "JM": 40})),
        ("choice", "two", "two"), ("secret", SECRET, bytes(range(32))),
        ("secret", SECRET.rstrip("=").replace("/", "_").replace("+", "-"), bytes(range(32))),
        ("address", "https://host:8443/", "https://host:8443"),
        ("stream", "wss://media1.example/voice/streams", "wss://media1.example/voice/streams"),
        ("stream", "ws://127.0.0.1:8090/voice", "ws://127.0.0.1:8090/voice"),
        ("listening", "10.0.0.5:8090", ("10.0.0.5", 8090)), ("listening", "[::1]:8090", ("::1", 8090)),
        ("stun", "stun:s.example, stuns:s.example:443", ["stun:s.example", "stuns:s.example:443"]),
        ("turn", "turn:[2001:db8::1]:3478?transport=tcp", ["turn:[2001:db8::1]:3478?transport=tcp"]),
    ],
)  # fmt: skip
def test_a_right_value_is_read(monkeypatch: pytest.MonkeyPatch, reader: str, given: str, read: object) -> None:
    monkeypatch.setenv("CURBSIDE_PLANTED", f" {given} ")
    assert READERS[reader]() == read


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("given", [None, "", "  "])
def test_an_unset_and_an_empty_variable_give_the_default(
    monkeypatch: pytest.MonkeyPatch, reader: str, given: str | None
) -> None:
    monkeypatch.delenv("CURBSIDE_PLANTED", raising=False)
    unset = READERS[reader]()
    if given is not None:
        monkeypatch.setenv("CURBSIDE_PLANTED", given)
    assert READERS[reader]() == unset


def test_a_database_address_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURBSIDE_PLANTED", "postgresql://cur%40b:p%2Fw@db.example:5433/curbside")
    read = READERS["database"]()
    assert [read[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [
        "cur@b", "p/w", "db.example", "5433", "curbside",
    ]  # fmt: skip
    monkeypatch.setenv("CURBSIDE_PLANTED", "sqlite:////srv/curbside.sqlite3")
    assert READERS["database"]()["NAME"] == "//srv/curbside.sqlite3"


def test_what_was_asked_for_is_known_with_its_default_and_its_use() -> None:
    READERS["whole"]()
    assert env.KNOWN["CURBSIDE_PLANTED"] == env.Variable(
        "CURBSIDE_PLANTED", "a whole number from 1 to 9", "5", "a test"
    )


def test_no_document_shows_a_secret() -> None:
    env.secret("PLANTED", b"x" * 32, "a test")
    assert env.KNOWN["CURBSIDE_PLANTED"].default == ""


@pytest.mark.parametrize("given", ["0.0.0.0", "224.0.0.1", "hunter2", "10.0.0.5:5060"])
def test_an_address_is_one_of_a_machine(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("CURBSIDE_PLANTED", given)
    with pytest.raises(ImproperlyConfigured, match="^CURBSIDE_PLANTED must be one IP address$"):
        network.host_address("PLANTED", "a test")
    monkeypatch.setenv("CURBSIDE_PLANTED", "10.0.0.5")
    assert network.host_address("PLANTED", "a test") == "10.0.0.5"
    monkeypatch.setenv("CURBSIDE_PLANTED", f"10.0.0.5, {given}")
    with pytest.raises(ImproperlyConfigured, match="^CURBSIDE_PLANTED must be IP addresses separated by commas$"):
        network.host_addresses("PLANTED", "a test")
    monkeypatch.setenv("CURBSIDE_PLANTED", "10.0.0.5, ::1")
    assert network.host_addresses("PLANTED", "a test") == ["10.0.0.5", "::1"]
    env.KNOWN.pop("CURBSIDE_PLANTED")
