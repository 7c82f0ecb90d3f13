"""The file of SIP trunks: what is read, what is refused by the place of its trunk and the entry, never by a value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from settings import env
from settings.trunks import ENTRIES, SipTrunk, ports, sip_trunks

Write = Callable[[Any], None]


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Write]:
    """Writes the file that the variable names."""
    path = tmp_path / "trunks.json"
    monkeypatch.setenv("CURBSIDE_PLANTED", str(path))
    def put(value: Any) -> None:
        path.write_text(value if isinstance(value, str) else json.dumps(value))

    yield put
    env.KNOWN.pop("CURBSIDE_PLANTED", None)


def read() -> tuple[SipTrunk, ...]:
    return sip_trunks("PLANTED", "a test")


def test_what_is_not_said_follows_from_the_host_and_tls_is_usual(write: Write) -> None:
    write([{"name": "one", "host": "sip.provider.example"},
           {"name": "two", "host": "10.0.0.5", "transport": "tcp", "domain": "provider.example", "user": "u",
            "password": "hunter2"}])  # fmt: skip
    one, two = read()
    assert one == SipTrunk("one", "sip.provider.example", 5061, "tls", "sip.provider.example", "sip.provider.example",
                           "", "", "", "", "sip.provider.example")  # fmt: skip
    assert (two.port, two.transport, two.from_domain, two.password) == (5060, "tcp", "provider.example", "hunter2")
    assert "hunter2" not in repr(two)


def test_without_the_variable_there_is_no_trunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CURBSIDE_PLANTED", raising=False)
    assert read() == ()
    env.KNOWN.pop("CURBSIDE_PLANTED")


GOOD = {"name": "one", "host": "sip.provider.example"}


@pytest.mark.parametrize(("given", "sentence"), [
    ("hunter2", "CURBSIDE_PLANTED names a file that is no JSON"),
    ("{}", "CURBSIDE_PLANTED names a file that is no list of 1 to 16 trunks"),
    ([], "CURBSIDE_PLANTED names a file that is no list of 1 to 16 trunks"),
    ([GOOD, GOOD], "CURBSIDE_PLANTED names a file with two trunks of one name"),
    ([GOOD, "hunter2"], "CURBSIDE_PLANTED, trunk 2: is no object"),
    ([{"host": "x.example"}],
     "CURBSIDE_PLANTED, trunk 1: name must be a word of small letters, digits, - and _, at most 32"),
    ([{"name": "one"}], "CURBSIDE_PLANTED, trunk 1: host must be a host name or an IP address"),
    ([GOOD | {"port": "hunter2"}], "CURBSIDE_PLANTED, trunk 1: port must be a whole number from 1 to 65535"),
    ([GOOD | {"port": True}], "CURBSIDE_PLANTED, trunk 1: port must be a whole number from 1 to 65535"),
    ([GOOD | {"transport": "udp"}], "CURBSIDE_PLANTED, trunk 1: transport must be tls or tcp"),
    ([GOOD | {"domain": "hunter2>"}], "CURBSIDE_PLANTED, trunk 1: domain must be a host name or an IPv4 address"),
    ([GOOD | {"user": 'u"'}], "CURBSIDE_PLANTED, trunk 1: user must be printable ASCII without quotes"),
    ([GOOD | {"password": "hunter2"}], "CURBSIDE_PLANTED, trunk 1: a password needs a user"),
    ([GOOD | {"ca_file": "hunter2.pem"}],
     "CURBSIDE_PLANTED, trunk 1: ca_file must be the absolute path of a file in PEM, or nothing"),
])  # fmt: skip
def test_what_is_wrong_is_named_by_its_place_and_its_value_is_not_repeated(
    write: Write, given: Any, sentence: str
) -> None:
    write(given)
    with pytest.raises(ImproperlyConfigured) as stopped:
        read()
    assert str(stopped.value) == sentence
    assert stopped.value.__suppress_context__ or stopped.value.__context__ is None, "a traceback would show it"


def test_an_entry_that_is_not_known_is_refused_with_those_that_are(write: Write) -> None:
    write([GOOD | {"hunter2": 1}])
    with pytest.raises(ImproperlyConfigured, match="1 of its entries are not known") as stopped:
        read()
    assert all(entry in str(stopped.value) for entry in ENTRIES) and "hunter2" not in str(stopped.value)


def test_a_file_that_cannot_be_read_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CURBSIDE_PLANTED", str(tmp_path / "hunter2"))
    with pytest.raises(ImproperlyConfigured, match="^CURBSIDE_PLANTED names a file that cannot be read$"):
        read()
    env.KNOWN.pop("CURBSIDE_PLANTED")


@pytest.mark.parametrize("given", ["16384", "2000-1000", "80-2000", "2000-65536", "2000-2000", "a-b", "2000-"])
def test_ports_are_a_range_that_has_one_for_a_call(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("CURBSIDE_PLANTED", given)
    with pytest.raises(ImproperlyConfigured, match="^CURBSIDE_PLANTED must be two ports"):
        ports("PLANTED", range(1, 3), "a test")
    monkeypatch.setenv("CURBSIDE_PLANTED", "20000-20003")
    assert ports("PLANTED", range(1, 3), "a test") == range(20000, 20004)
    env.KNOWN.pop("CURBSIDE_PLANTED")
