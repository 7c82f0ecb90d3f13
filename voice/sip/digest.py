"""Digest access authentication of a user agent: challenges learned, credentials written. Sans-IO.

Source: RFC 3261, section 22; RFC 7616; RFC 8760 (several challenges: the topmost whose algorithm is known is taken).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from voice.sip.message import Malformed, Response
from voice.sip.values import parse_challenge, quote

ANSWERS: Final = {401: ("www-authenticate", "authorization"), 407: ("proxy-authenticate", "proxy-authorization")}
"""The header that asks and the header that answers, by the status."""
ROUNDS_MOST: Final = 4
CHALLENGES_MOST: Final = 8  # of realms that one trunk may ask for


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


HASHES: Final[dict[str, Callable[[str], str]]] = {"md5": _md5, "sha-256": _sha256}
"""MD5 is what most trunks still ask for; over TLS the hash is not what keeps the secret."""


@dataclass(slots=True)
class Challenge:
    """What a realm asks for, and how often its nonce was answered."""

    realm: str
    nonce: str
    algorithm: str
    opaque: str | None
    qop: bool
    count: int = 0


@dataclass(slots=True)
class Tries:
    """What one request has been through: how often it was sent anew, and which realms have had their answer."""

    rounds: int = 0
    answered: set[tuple[str, str]] = field(default_factory=set)


class Digest:
    """The credentials of one trunk. With a `realm` no other is answered.

    Whoever is called may ask for a password too, through the trunk, and could guess at ours from what it is answered.
    """

    def __init__(
        self, username: str, password: str, realm: str = "", *,
        cnonce: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:  # fmt: skip
        self._username, self._password, self._realm, self._cnonce = username, password, realm, cnonce
        self._challenges: dict[tuple[str, str], Challenge] = {}

    def learn(self, response: Response, tries: Tries) -> bool:
        """Take the challenges of a 401 or 407, and return whether the request is worth sending anew.

        Not where we have no credentials, know none of the algorithms, or the same realm has refused our answer
        already; a nonce that is only ``stale`` is no refusal.
        """
        tries.rounds += 1
        if not self._username or tries.rounds > ROUNDS_MOST:
            return False
        asks, answers = ANSWERS[response.status]
        taken: set[tuple[str, str]] = set()
        for text in response.headers.all(asks):
            found = self._read(text)
            if found is None:
                continue
            challenge, stale = found
            key = (answers, challenge.realm)
            if key in taken:
                continue
            if key in tries.answered and not stale:
                return False
            if key not in self._challenges and len(self._challenges) >= CHALLENGES_MOST:
                self._challenges.clear()
            self._challenges[key] = challenge
            taken.add(key)
        tries.answered |= taken
        return bool(taken)

    def credentials(self, method: str, uri: str) -> list[tuple[str, str]]:
        """Return the headers that answer every challenge known, each nonce counted up."""
        return [(key[0], self._answer(found, method, uri)) for key, found in self._challenges.items()]

    def _read(self, text: str) -> tuple[Challenge, bool] | None:
        """Return a challenge that we can answer, and whether it only replaces a stale nonce."""
        try:
            scheme, said = parse_challenge(text)
        except Malformed:
            return None
        algorithm = said.get("algorithm", "MD5")
        offered = [word.strip().lower() for word in said["qop"].split(",")] if "qop" in said else None
        if (
            scheme != "digest" or not said.get("nonce") or "realm" not in said
            or (self._realm and said["realm"] != self._realm)
            or algorithm.lower().removesuffix("-sess") not in HASHES or (offered is not None and "auth" not in offered)
        ):  # fmt: skip
            return None
        stale = said.get("stale", "").lower() == "true"
        return Challenge(said["realm"], said["nonce"], algorithm, said.get("opaque"), offered is not None), stale

    def _answer(self, asked: Challenge, method: str, uri: str) -> str:
        """Return the credentials for one challenge. Source: RFC 7616, section 3.4."""
        name = asked.algorithm.lower()
        hashed = HASHES[name.removesuffix("-sess")]
        asked.count += 1
        count, cnonce = f"{asked.count:08x}", self._cnonce()
        secret = hashed(f"{self._username}:{asked.realm}:{self._password}")
        if name.endswith("-sess"):
            secret = hashed(f"{secret}:{asked.nonce}:{cnonce}")
        what = hashed(f"{method}:{uri}")
        middle = f"{asked.nonce}:{count}:{cnonce}:auth" if asked.qop else asked.nonce
        parts = [
            f"username={quote(self._username)}", f"realm={quote(asked.realm)}", f"nonce={quote(asked.nonce)}",
            f"uri={quote(uri)}", f'response="{hashed(f"{secret}:{middle}:{what}")}"', f"algorithm={asked.algorithm}",
        ]  # fmt: skip
        if asked.opaque is not None:
            parts.append(f"opaque={quote(asked.opaque)}")
        if asked.qop:
            parts += ["qop=auth", f"nc={count}"]
        if asked.qop or name.endswith("-sess"):
            parts.append(f'cnonce="{cnonce}"')
        return "Digest " + ", ".join(parts)
