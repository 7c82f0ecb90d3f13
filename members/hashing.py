"""Password hashes with bounded work: at most two at a time in a process, so that a rush of sign-ins starves nobody."""

from threading import BoundedSemaphore

from django.contrib.auth.hashers import ScryptPasswordHasher

from realtime.protocol import refuse

AT_ONCE = 2
PATIENCE_S = 20.0

_turn = BoundedSemaphore(AT_ONCE)


class BoundedScrypt(ScryptPasswordHasher):
    """Django's scrypt (N = 2^14, r = 8, p = 5: 16 MiB a hash), taking turns.

    OpenSSL computes it without the interpreter's lock. Source: OWASP, Password Storage Cheat Sheet.
    """

    def encode(self, password: str, salt: str, n: int | None = None, r: int | None = None,
               p: int | None = None) -> str:
        """Return the hash. Raises Refusal("busy") when no turn comes within 20 s."""
        if not _turn.acquire(timeout=PATIENCE_S):
            raise refuse("busy")
        try:
            return str(super().encode(password, salt, n, r, p))
        finally:
            _turn.release()
