"""Whether a member signs in with a second factor. The factors themselves are allauth's."""

from typing import Final

from allauth.mfa.models import Authenticator

HAS_SECOND_FACTOR: Final = "EXISTS(SELECT 1 FROM mfa_authenticator WHERE user_id = a.id AND type = 'totp')"
"""The same within a statement by hand, whose account is `a`."""


def has_second_factor(account_id: str) -> bool:
    """Return whether an authenticator app (TOTP) is set up. Source: RFC 6238."""
    return bool(Authenticator.objects.filter(user=account_id, type=Authenticator.Type.TOTP).exists())
