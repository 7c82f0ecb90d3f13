"""Readers of what stands for a place in a network: where to listen, where others come, where to ask."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from settings.env import read

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def stream_url(name: str, use: str) -> str:
    """Where a carrier opens a WebSocket: wss, ws to this machine alone, a path, and no query, which carriers drop."""

    def parse(raw: str) -> str:
        url = urlsplit(raw)
        plain = url.scheme == "ws" and url.hostname in LOOPBACK
        if not (plain or url.scheme == "wss") or not url.hostname or (url.port or 1) < 1 or not url.path:
            raise ValueError
        if url.query or url.fragment or url.username or url.password or not raw.isascii():
            raise ValueError
        return raw

    return read(name, parse, "wss://host/path without a query", "", use)


def listening(name: str, default: tuple[str, int], use: str) -> tuple[str, int]:
    """An address and a port to listen on, ``10.0.0.5:8090`` or ``[::1]:8090``."""

    def parse(raw: str) -> tuple[str, int]:
        url = urlsplit(f"//{raw}")
        if not url.hostname or not url.port or url.path or url.username:
            raise ValueError
        return url.hostname, url.port

    return read(name, parse, "address:port", default, use, shown=":".join(map(str, default)))


def ice_urls(name: str, use: str, *, schemes: tuple[str, ...]) -> list[str]:
    """Addresses of STUN or TURN servers, ``turn:host:port?transport=tcp``. Source: RFC 7064, RFC 7065, section 3.1."""
    host = r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
    url = re.compile(rf"(?:{'|'.join(schemes)}):{host}(\?transport=(?:udp|tcp))?")

    def parse(raw: str) -> list[str]:
        found = [word.strip() for word in raw.split(",") if word.strip()]
        for word in found:
            matched = url.fullmatch(word)
            if matched is None or (matched[1] and word.startswith("stun")):
                raise ValueError
        return found

    expects = " or ".join(f"{scheme}:host" for scheme in schemes) + ", separated by commas"
    return read(name, parse, expects, [], use, shown="")


def _address(raw: str) -> str:
    """Read an IP address of one machine: none that stands for all of them."""
    address = ip_address(raw)
    if address.is_unspecified or address.is_multicast:
        raise ValueError
    return str(address)


def host_address(name: str, use: str) -> str:
    """One IP address of a machine."""
    return read(name, _address, "one IP address", "", use)


def host_addresses(name: str, use: str) -> list[str]:
    """IP addresses of a machine."""

    def parse(raw: str) -> list[str]:
        return [_address(word.strip()) for word in raw.split(",") if word.strip()]

    return read(name, parse, "IP addresses separated by commas", [], use, shown="")
