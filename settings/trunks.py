"""The SIP trunks of an installation, read from a JSON file that the environment names.

A file and no variables, since it holds passwords: whoever lists a process's environment does not see them, and one file
has any number of trunks in their order. What is wrong with it stops the start with a sentence that names the trunk by
its place and the entry, and never a value.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from settings import env

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
TRUNKS_MOST = 16


@dataclass(frozen=True, slots=True)
class SipTrunk:
    """One trunk. Its `repr` shows neither user nor password.

    `host` and `port`: what is connected to; `server_name`: the name that its certificate must have; `domain`: that of
    the addresses that are called; `from_domain`: that of the number that is shown; `ca_file`: the authorities that are
    trusted, "" for the machine's own; `realm`: who may ask for the password, "" for anybody there.
    """

    name: str
    host: str
    port: int
    transport: str
    domain: str
    from_domain: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    realm: str
    ca_file: str
    server_name: str


def sip_trunks(name: str, use: str) -> tuple[SipTrunk, ...]:
    """The trunks of a file, the first preferred; none where no file is named."""
    expects = "the path of a JSON file with a list of trunks"
    return env.read(name, lambda raw: read_file(env.PREFIX + name, Path(raw)), expects, (), use, shown="")


def ports(name: str, default: range, use: str) -> range:
    """A range of UDP ports, ``16384-32767``, both included; RTP takes the even ones (RFC 3550, section 11)."""

    def parse(raw: str) -> range:
        first, _, last = raw.partition("-")
        found = range(int(first), int(last) + 1)
        if not found.start >= 1024 or not found.stop <= 65536 or len(found) < 2:
            raise ValueError
        return found

    shown = f"{default.start}-{default.stop - 1}"
    return env.read(name, parse, "two ports from 1024 to 65535 with a hyphen between, the lower first", default, use,
                    shown=shown)


def read_file(variable: str, path: Path) -> tuple[SipTrunk, ...]:
    """Return the trunks of a file. Raises ImproperlyConfigured."""
    try:
        found = json.loads(path.read_bytes())
    except OSError:
        raise ImproperlyConfigured(f"{variable} names a file that cannot be read") from None
    except ValueError:
        raise ImproperlyConfigured(f"{variable} names a file that is no JSON") from None
    if not isinstance(found, list) or not 1 <= len(found) <= TRUNKS_MOST:
        raise ImproperlyConfigured(f"{variable} names a file that is no list of 1 to {TRUNKS_MOST} trunks")
    trunks = tuple(_read(f"{variable}, trunk {n}:", one) for n, one in enumerate(found, 1))
    if len({trunk.name for trunk in trunks}) < len(trunks):
        raise ImproperlyConfigured(f"{variable} names a file with two trunks of one name")
    return trunks


def _read(where: str, given: Any) -> SipTrunk:
    if not isinstance(given, dict):
        raise ImproperlyConfigured(f"{where} is no object")
    if strange := given.keys() - ENTRIES.keys():
        known = ", ".join(ENTRIES)
        raise ImproperlyConfigured(f"{where} {len(strange)} of its entries are not known; these are: {known}")
    host = given.get("host", "")
    tls = given.get("transport", "tls") == "tls"
    usual = {"port": 5061 if tls else 5060, "transport": "tls", "domain": host, "server_name": host}
    whole: dict[str, Any] = {"from_domain": given.get("domain", host), "user": "", "password": "", "realm": "",
                             "ca_file": "", **usual, **given}  # fmt: skip
    for entry, (expects, holds) in ENTRIES.items():
        if entry not in whole or not holds(whole[entry]):
            raise ImproperlyConfigured(f"{where} {entry} must be {expects}")
    if whole["password"] and not whole["user"]:
        raise ImproperlyConfigured(f"{where} a password needs a user")
    if not tls and whole["ca_file"]:
        raise ImproperlyConfigured(f"{where} a ca_file is for the transport tls alone")
    return SipTrunk(**whole)


def _is_host(value: Any) -> bool:
    if _is_domain(value):
        return True
    try:
        return isinstance(value, str) and ip_address(value).version == 6
    except ValueError:
        return False


def _is_domain(value: Any) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None and ".." not in value


def _is_text(value: Any) -> bool:
    """Whether it can stand in a header of SIP: printable ASCII without quotes."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and not set(value) & {'"', "\\"}


def _is_file(value: Any) -> bool:
    return value == "" or (isinstance(value, str) and Path(value).is_absolute() and Path(value).is_file())


ENTRIES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "name": ("a word of small letters, digits, - and _, at most 32",
             lambda value: isinstance(value, str) and WORD.fullmatch(value) is not None),
    "host": ("a host name or an IP address", _is_host),
    "port": ("a whole number from 1 to 65535",
             lambda value: isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535),
    "transport": ("tls or tcp", lambda value: value in ("tls", "tcp")),
    "domain": ("a host name or an IPv4 address", _is_domain),
    "from_domain": ("a host name or an IPv4 address", _is_domain),
    "user": ("printable ASCII without quotes", _is_text),
    "password": ("text", lambda value: isinstance(value, str) and "\n" not in value),
    "realm": ("printable ASCII without quotes", _is_text),
    "ca_file": ("the absolute path of a file in PEM, or nothing", _is_file),
    "server_name": ("a host name or an IP address", _is_host),
}  # fmt: skip
"""What a trunk can say, what each entry expects, and whether a value is that."""
