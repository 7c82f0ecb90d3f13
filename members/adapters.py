"""How django-allauth meets Curbside: nobody joins by themselves yet, and second factors are sealed at rest."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from realtime.sealing import seal, unseal
from realtime.tally import count_refused_login

PLACE = "mfa_authenticator:data"
REFUSALS = {
    "email_password_mismatch": "password", "incorrect_password": "password", "incorrect_code": "factor",
    "too_many_login_attempts": "limited",
}
"""Which of allauth's refusals are refused sign-ins, by the word under which they are counted."""
NO_ADDRESS = "::"  # the unspecified address: RFC 4291, section 2.5.2


def count_refusal(code: str) -> None:
    """Count a refusal of allauth's if it is one of a sign-in."""
    if code in REFUSALS:
        count_refused_login(REFUSALS[code])


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Accounts of allauth."""

    def validation_error(self, code: str, *args: Any, **values: Any) -> Any:
        """Return the error of this code, counted."""
        count_refusal(code)
        return super().validation_error(code, *args, **values)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: members are added by staff until joining with its checks exists."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the caller's address, a placeholder where the server is spoken to over a local socket."""
        try:
            return str(super().get_client_ip(request))
        except PermissionDenied:
            return NO_ADDRESS


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Second factors of allauth, which would keep TOTP secrets and recovery seeds in the clear."""

    def validation_error(self, code: str, *args: Any, **values: Any) -> Any:
        """Return the error of this code, counted."""
        count_refusal(code)
        return super().validation_error(code, *args, **values)

    def encrypt(self, text: str) -> str:
        """Return the secret sealed, as text."""
        return urlsafe_b64encode(seal(text.encode(), aad=PLACE)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret. Raises Unsealable."""
        return unseal(urlsafe_b64decode(encrypted_text), aad=PLACE).decode()
