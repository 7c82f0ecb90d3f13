"""Keyed digests: how a secret or a person is found again in a table without standing in it."""

import hmac
from base64 import urlsafe_b64encode

from django.conf import settings


def mark(purpose: str, *words: str, key: str = "vault") -> str:
    """Return the digest of `words` for one purpose: 43 characters, HMAC-SHA256 under the named key.

    Source: RFC 2104. Words are separated by a NUL, which none of them holds.
    """
    message = "\0".join((purpose, *words)).encode()
    return urlsafe_b64encode(hmac.digest(settings.CURBSIDE_KEYS[key], message, "sha256")).decode().rstrip("=")
