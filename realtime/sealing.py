"""Sealed values: AES-256-GCM with a key id, bound to the place where they lie.

Layout: one byte version, one byte key number, 12 bytes nonce, ciphertext with its 16-byte tag. The additional data
names table, row and column, so that a sealed value moved elsewhere does not open. Source: NIST SP 800-38D.
"""

import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

VERSION = 1
KEY_NUMBER = 0
HEADER = bytes((VERSION, KEY_NUMBER))


class Unsealable(Exception):
    """The value was sealed under another key or for another place, or was changed."""


@lru_cache(maxsize=8)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def seal(data: bytes, *, aad: str) -> bytes:
    """Return `data` sealed for the place that `aad` names."""
    nonce = os.urandom(12)
    return HEADER + nonce + _cipher(settings.CURBSIDE_KEYS["seal"]).encrypt(nonce, data, HEADER + aad.encode())


def unseal(data: bytes | memoryview, *, aad: str) -> bytes:
    """Return what was sealed for the place that `aad` names. Raises Unsealable."""
    data = bytes(data)
    if data[:2] != HEADER:
        raise Unsealable
    try:
        return _cipher(settings.CURBSIDE_KEYS["seal"]).decrypt(data[2:14], data[14:], HEADER + aad.encode())
    except InvalidTag:
        raise Unsealable from None
