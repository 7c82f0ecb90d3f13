"""Who asks over HTTP: a program by its token, a phone by allauth's session token, a browser by its session.

Headers come before cookies, so that a program is never asked for a CSRF token. `signed_in` is what a router takes
as ``auth``; it leaves the account as ``request.auth``.
"""

from typing import Any, cast

from allauth.headless.internal.sessionkit import authenticate_by_x_session_token
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja.security.apikey import APIKeyCookie, APIKeyHeader
from ninja.security.base import AuthBase
from ninja.security.http import HttpBearer
from ninja.utils import check_csrf

from members.models import Account
from members.sessions import session_ref
from members.tokens import find_token, token_ref
from realtime.protocol import Refusal
from realtime.tally import count_refused_login


class ProgramToken(HttpBearer):
    """``Authorization: Bearer cbs_…``."""

    def authenticate(self, request: HttpRequest, token: str) -> Account | None:
        """Return the account of a living token."""
        found = find_token(token, timezone.now())
        if found is None:
            count_refused_login("token")
            return None
        _remember(request, token_ref(found))
        return found.account


class PhoneSession(APIKeyHeader):
    """``X-Session-Token``: what allauth's app client gives a phone that signs in by email and second factor."""

    param_name = "X-Session-Token"

    def authenticate(self, request: HttpRequest, key: str | None) -> Account | None:
        """Return the account of a living session that is fully signed in."""
        found = authenticate_by_x_session_token(key) if key else None
        if not found or not found[0].is_active:
            if key:
                count_refused_login("token")
            return None
        account, session = found
        _remember(request, session_ref(session.session_key))
        return cast("Account", account)


class BrowserSession(APIKeyCookie):
    """Django's session cookie; anything but reading also needs the CSRF token."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self) -> None:
        super().__init__(csrf=False)  # asked for below, where the answer can have our own shape

    def authenticate(self, request: HttpRequest, key: str | None) -> Account | None:
        """Return the account of the session. Raises Refusal without a CSRF token where one is needed."""
        account = request.user
        if not isinstance(account, Account) or not account.is_active:
            return None
        if check_csrf(request) is not None:
            raise Refusal("csrf", "Reload the page and try again.", retry=True)
        _remember(request, session_ref(request.session.session_key or ""))
        return account


def _remember(request: HttpRequest, ref: str) -> None:
    request.__dict__["curbside_session"] = ref


def session_of(request: HttpRequest) -> str:
    """Return the word of the session or token by which this request was let in."""
    return str(request.__dict__["curbside_session"])


def account_of(request: HttpRequest) -> Account:
    """Return who asks, behind `signed_in`."""
    return cast("Account", cast("Any", request).auth)


signed_in: list[AuthBase] = [ProgramToken(), PhoneSession(), BrowserSession()]
