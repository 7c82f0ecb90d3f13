"""The secrets, kept outside the database: one master key, and keys derived from it for each purpose.

An installation sets CURBSIDE_MASTER_KEY. The embedded default makes one on first start and keeps it in a file of
mode 0600 beside the database file, never in it, so that a copy of the database alone opens nothing.
Source: RFC 5869 (HKDF).
"""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSES = ("django", "vault", "seal", "digest", "ticket", "token", "summary", "vapid", "outbox", "numbers")

SIGNING_IN = frozenset({"django", "ticket", "token", "outbox"})
"""What only sign-ins hang on: these may come from a key of their own, and be changed without losing anything else."""


def derive(master: bytes, purpose: str) -> bytes:
    """Return the 32-byte key of one purpose."""
    return HKDF(SHA256(), 32, salt=None, info=b"curbside/" + purpose.encode()).derive(master)


def kept_master(path: Path) -> bytes:
    """Return the master key in ``path``, made there on first use (32 bytes)."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_bytes(secrets.token_bytes(32))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        fresh.unlink()
        return path.read_bytes()
