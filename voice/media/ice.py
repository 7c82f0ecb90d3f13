"""Which servers help a browser to be reached: STUN and TURN, with credentials that end by themselves.

A value, with the time and the random part passed in; knows no Django. A TURN server that shares the secret (coturn's
`use-auth-secret`) checks the credentials by itself, without a database. Nothing in them says who asked.
Source: draft-uberti-behave-turn-rest-00, sections 2.2 and 3.1; W3C WebRTC, RTCIceServer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict


class IceServer(TypedDict):
    """One entry of `iceServers`, as RTCPeerConnection takes it."""

    urls: list[str]
    username: NotRequired[str]
    credential: NotRequired[str]


@dataclass(frozen=True, slots=True)
class IceHelp:
    """The servers, `stun:host` and `turn:host?transport=tcp`; the TURN servers' secret; how long credentials live."""

    stun: Sequence[str] = ()
    turn: Sequence[str] = ()
    secret: str = field(default="", repr=False)
    life_s: float = 3900.0


def ice_servers(given: IceHelp, now: float, nonce: str) -> list[IceServer]:
    """Return what one peer connection may use, from `now` (seconds since 1970) on for `life_s`.

    `nonce` is random and names nobody; a TURN server counts its quotas by it.
    """
    servers: list[IceServer] = []
    if given.stun:
        servers.append({"urls": list(given.stun)})
    if given.turn:
        username = f"{int(now + given.life_s)}:{nonce}"
        password = credential(given.secret, username)
        servers.append({"urls": list(given.turn), "username": username, "credential": password})
    return servers


def credential(secret: str, username: str) -> str:
    """Return the password of a TURN user. Source: the draft, section 2.2: base64(HMAC-SHA1(secret, username))."""
    return base64.b64encode(hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()).decode()
