"""Typed readers of the environment. A wrong value stops the start with a sentence that names the variable.

Every variable begins with ``CURBSIDE_``; the names are given here without that prefix. Each reader remembers
what it was asked for, so that ``manage.py describe`` and its test can hold ``.env.example`` and
``docs/settings.md`` equal to the code. No value is ever part of an error: it may be a secret.
"""

import base64
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PREFIX = "CURBSIDE_"
UNBOUNDED = 2**53
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable as the settings read it: its full name, what it expects, its default as text, and its use."""

    name: str
    expects: str
    default: str
    use: str


KNOWN: dict[str, Variable] = {}


def read(name: str, parse: Callable[[str], T], expects: str, default: T, use: str, shown: str | None = None) -> T:
    """Return the variable through ``parse``, or the default where it is unset or empty.

    Raises ImproperlyConfigured when ``parse`` refuses the value.
    """
    full = PREFIX + name
    KNOWN[full] = Variable(full, expects, str(default) if shown is None else shown, use)
    raw = os.environ.get(full, "").strip()
    if not raw:
        return default
    try:
        return parse(raw)
    except (ValueError, KeyError):
        raise ImproperlyConfigured(f"{full} must be {expects}") from None


def text(name: str, default: str, use: str, *, shown: str | None = None) -> str:
    """Any text. `shown` stands for a default that belongs in no document."""
    return read(name, str, "text", default, use, shown)


def flag(name: str, default: bool, use: str) -> bool:
    """A switch: 1/0, true/false, yes/no, on/off."""
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    return read(name, lambda raw: words[raw.lower()], "1 or 0", default, use)


def whole(name: str, default: int, use: str, *, least: int = 0, most: int = UNBOUNDED) -> int:
    """A whole number within bounds, both included."""

    def parse(raw: str) -> int:
        value = int(raw)
        if not least <= value <= most:
            raise ValueError
        return value

    bounds = f"of at least {least}" if most == UNBOUNDED else f"from {least} to {most}"
    return read(name, parse, f"a whole number {bounds}", default, use)


def seconds(name: str, default: float, use: str, *, least: float = 0.0) -> float:
    """A span in seconds, fractions allowed."""

    def parse(raw: str) -> float:
        value = float(raw)
        if not least <= value < float("inf"):
            raise ValueError
        return value

    return read(name, parse, f"seconds, at least {least:g}", default, use)


def rate(name: str, default: float, use: str) -> float:
    """How often a second; more than never."""

    def parse(raw: str) -> float:
        value = float(raw)
        if not 0.0 < value < float("inf"):
            raise ValueError
        return value

    return read(name, parse, "a number above 0", default, use)


@dataclass(frozen=True, slots=True)
class Prices:
    """What something costs in hundredths of the currency: by region (ISO 3166), and everywhere else."""

    default: int
    by_region: dict[str, int]


def prices(name: str, default: int, use: str) -> Prices:
    """A price for everywhere and prices of regions, ``5,SE:9,JM:40``."""

    def parse(raw: str) -> Prices:
        everywhere, *entries = raw.split(",")
        by_region: dict[str, int] = {}
        for entry in entries:
            region, _, cents = entry.strip().partition(":")
            if len(region) != 2 or not (region.isascii() and region.isupper()) or region in by_region:
                raise ValueError
            by_region[region] = int(cents)
        if min([int(everywhere), *by_region.values()]) < 1:
            raise ValueError
        return Prices(int(everywhere), by_region)

    expects = "a whole number of at least 1, and after commas those of regions (ISO 3166), as 5,SE:9,JM:40"
    return read(name, parse, expects, Prices(default, {}), use, shown=str(default))


def address(name: str, default: str, use: str, *, schemes: tuple[str, ...]) -> str:
    """The address of a server: one of the schemes and a host, without a slash at the end."""

    def parse(raw: str) -> str:
        url = urlsplit(raw.rstrip("/"))
        if url.scheme not in schemes or not url.hostname or (url.port or 1) < 1:
            raise ValueError
        return raw.rstrip("/")

    return read(name, parse, " or ".join(f"{scheme}://host" for scheme in schemes), default, use)


def words(name: str, default: list[str], use: str) -> list[str]:
    """A list of words separated by commas."""
    return read(name, lambda raw: [w.strip() for w in raw.split(",") if w.strip()], "words separated by commas",
                default, use, shown=",".join(default))


def choice(name: str, options: tuple[str, ...], default: str, use: str) -> str:
    """One of a few words."""

    def parse(raw: str) -> str:
        if raw not in options:
            raise ValueError
        return raw

    return read(name, parse, "one of " + ", ".join(options), default, use)


def secret(name: str, default: bytes | None, use: str, *, size: int = 32) -> bytes | None:
    """A secret of ``size`` bytes, base64 or base64url."""

    def parse(raw: str) -> bytes:
        plain = raw.rstrip("=").replace("-", "+").replace("_", "/")
        value = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        if len(value) != size:
            raise ValueError
        return value

    return read(name, parse, f"{size} bytes in base64", default, use, shown="")


def telephone(name: str, default: str, use: str, *, shown: str) -> str:
    """A telephone number in E.164. Source: ITU-T E.164, section 6.2.1: fifteen digits at most, no zero in front."""

    def parse(raw: str) -> str:
        if not E164.fullmatch(raw):
            raise ValueError
        return raw

    return read(name, parse, "a number in E.164, + and 7 to 15 digits", default, use, shown)


def token(name: str, use: str, *, least: int) -> str:
    """A word that lets somebody in: at least so many letters, digits and the signs of base64url; empty where unset."""

    def parse(raw: str) -> str:
        if len(raw) < least or not raw.isascii() or not raw.isprintable() or " " in raw:
            raise ValueError
        return raw

    return read(name, parse, f"at least {least} characters without a space", "", use)


def keys(name: str, default: dict[int, bytes], use: str, *, size: int = 32) -> dict[int, bytes]:
    """Versions of a key, ``2:base64,3:base64``, beside those of the default; the highest is the one in use."""

    def parse(raw: str) -> dict[int, bytes]:
        found = dict(default)
        for entry in raw.split(","):
            version, _, value = entry.strip().partition(":")
            plain = value.rstrip("=").replace("-", "+").replace("_", "/")
            key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
            if not 1 <= int(version) <= 255 or len(key) != size:
                raise ValueError
            found[int(version)] = key
        return found

    return read(name, parse, f"version:key pairs separated by commas, each key {size} bytes in base64", default, use,
                shown="")


def database(name: str, default: Path, use: str) -> dict[str, Any]:
    """A database address as Django's settings: ``sqlite:///path`` or ``postgresql://user:password@host:port/name``."""

    def parse(raw: str) -> dict[str, Any]:
        url = urlsplit(raw)
        if url.scheme == "sqlite" and url.path:
            return sqlite(Path(unquote(url.path)))
        if url.scheme in ("postgres", "postgresql") and url.path.strip("/"):
            return postgresql(url)
        raise ValueError

    return read(name, parse, "sqlite:///path or postgresql://user:password@host:port/name", sqlite(default), use,
                shown="sqlite, a file under var/")


def sqlite(path: Path) -> dict[str, Any]:
    """SQLite as Curbside uses it: write-ahead log, every commit on the disk, no transaction that upgrades.

    A deferred transaction that turns into a writing one fails at once with "locked", whatever the time-out, so
    every transaction begins IMMEDIATE. Source: sqlite.org/lang_transaction.html.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "timeout": 5,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA secure_delete=ON;"
            "PRAGMA foreign_keys=ON;PRAGMA cache_size=-16000",
        },
    }


def postgresql(url: Any) -> dict[str, Any]:
    """PostgreSQL through psycopg 3 and its pool, since under ASGI each request has a thread of its own.

    The hub's threads keep a connection each; when one fails it goes back to the pool, which replaces it.
    """
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.strip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": str(url.port or ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 2,
            # A server that vanished without a word is noticed after 15 s, and a statement to it given up after 20.
            "keepalives_idle": 5,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "tcp_user_timeout": 20_000,
            "application_name": "curbside",
            "pool": {"min_size": 2, "max_size": 40, "timeout": 2.0, "max_idle": 60.0},
        },
    }
