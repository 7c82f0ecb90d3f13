"""Whether a member signs in with a second factor. The factors themselves are allauth's."""

from allauth.mfa.models import Authenticator


def has_second_factor(account_id: str) -> bool:
    """Return whether an authenticator app (TOTP) is set up. Source: RFC 6238."""
    return bool(Authenticator.objects.filter(user=account_id, type=Authenticator.Type.TOTP).exists())
