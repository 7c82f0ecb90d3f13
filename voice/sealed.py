"""Sealed numbers and names of this app: AES-256-GCM under versioned keys, and keyed blind indexes to find them by.

Layout: one byte format, one byte key version, 12 bytes nonce, ciphertext with its 16-byte tag. The additional data
names table, row and column, so that a sealed value moved elsewhere does not open. A new key version is added by
CURBSIDE_NUMBER_KEYS; what lies under an older one still opens until ``manage.py rotate_numbers`` has renewed it.
Source: NIST SP 800-38D; RFC 2104 (HMAC).
"""

import hmac
import os
from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from realtime.sealing import Unsealable
from voice.numbers import mask

__all__ = [
    "blind_index",
    "blind_indexes",
    "is_current",
    "mask",
    "open_in",
    "open_number",
    "place",
    "seal_in",
    "seal_number",
]

FORMAT: Final = 2  # 1 is that of realtime.sealing, so that neither is ever taken for the other
EVERYWHERE: Final = "*"
Sealed = bytes | memoryview  # PostgreSQL's driver gives a view


def current_version() -> int:
    """Return the key version that seals."""
    return max(settings.CURBSIDE_NUMBER_KEYS)


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


@lru_cache(maxsize=16)
def _index_key(key: bytes) -> bytes:
    return hmac.digest(key, b"curbside/blind index", "sha256")


def seal_number(text: str, aad: str) -> bytes:
    """Return `text` (a number, a name, a date) sealed under the current key for the place that `aad` names."""
    header, nonce = bytes((FORMAT, current_version())), os.urandom(12)
    key = settings.CURBSIDE_NUMBER_KEYS[current_version()]
    return header + nonce + _cipher(key).encrypt(nonce, text.encode(), header + aad.encode())


def open_number(sealed: Sealed, aad: str) -> str:
    """Return what was sealed for the place that `aad` names. Raises Unsealable, also for a key that is gone."""
    data = bytes(sealed)
    key = settings.CURBSIDE_NUMBER_KEYS.get(data[1]) if len(data) > 14 and data[0] == FORMAT else None
    if key is None:
        raise Unsealable
    try:
        return _cipher(key).decrypt(data[2:14], data[14:], data[:2] + aad.encode()).decode()
    except InvalidTag:
        raise Unsealable from None


def is_current(sealed: Sealed) -> bool:
    """Return whether a value lies under the key that seals now."""
    return bytes(sealed[:2]) == bytes((FORMAT, current_version()))


def place(row: Any, column: str) -> str:
    """Return the name of the place of a row's column; the row has its key before it is stored."""
    return f"{row._meta.db_table}:{row.pk}:{column}"  # noqa: SLF001  (Django documents it)


def seal_in(row: Any, column: str, text: str) -> None:
    """Put `text` sealed into a column of a row; the caller saves. Nothing is kept of an empty text."""
    setattr(row, column, seal_number(text, place(row, column)) if text else None)


def open_in(row: Any, column: str) -> str:
    """Return what lies sealed in a column of a row, "" where nothing does. Raises Unsealable."""
    sealed = getattr(row, column)
    return "" if sealed is None else open_number(sealed, place(row, column))


def _index(version: int, scope: str, text: str) -> str:
    key = _index_key(settings.CURBSIDE_NUMBER_KEYS[version])
    # The clinic is part of the message: equal numbers of two clinics have nothing in common.
    return urlsafe_b64encode(hmac.digest(key, f"{scope}\0{text}".encode(), "sha256")).decode().rstrip("=")


def blind_index(scope: str, text: str) -> str:
    """Return the index to store: 43 characters, keyed, of one clinic (`scope` its id, or `EVERYWHERE`) alone."""
    return _index(current_version(), scope, text)


def blind_indexes(scope: str, text: str) -> list[str]:
    """Return the indexes to look for, one for each key version: a rotation may be under way."""
    return [_index(version, scope, text) for version in sorted(settings.CURBSIDE_NUMBER_KEYS)]
