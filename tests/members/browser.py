"""A browser and a phone for tests of the HTTP API: cookies, the CSRF token, JSON."""

import json
from typing import Any

from allauth.usersessions.models import UserSession
from django.test import Client

from members.models import Account

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
API = "/api/v1"


class Browser:
    """Speaks JSON, keeps cookies, and sends the CSRF token as the client does."""

    def __init__(self, *, token: str | None = None, csrf: bool = True) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.token = token
        self.csrf = csrf
        self.status = 0

    def sign_in(self, account: Account) -> "Browser":
        """Be signed in as this account."""
        self.client.force_login(account, BACKEND)
        key = str(self.client.session.session_key)
        UserSession.objects.create(user=account, session_key=key, ip="192.0.2.7", user_agent="Test browser")
        self.client.cookies["curbside_csrf"] = "c" * 32
        return self

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the response; ``.json()`` reads it."""
        headers: dict[str, str] = {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        cookie = self.client.cookies.get("curbside_csrf")
        if cookie and self.csrf:
            headers["X-CSRFToken"] = cookie.value
        where = path if path.startswith("/_") else API + path
        return self.client.generic(
            method, where, b"" if body is None else _json(body), content_type="application/json", headers=headers)

    def get(self, path: str) -> Any:
        """Return the JSON at `path`, which must be there."""
        response = self.call("GET", path)
        assert response.status_code == 200, response.content
        return response.json()


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()
