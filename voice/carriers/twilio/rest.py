"""Twilio's REST interface through its package: our own transport, and its exceptions in our words.

Exceptions of the package and of the network hold addresses, numbers and bodies. None of them leaves this file, not as a
cause, not as a context, and nothing here writes a log line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from voice.call import Cause
from voice.carriers.base import CarrierError
from voice.carriers.twilio.codes import Meaning, meaning_of

T = TypeVar("T")
CONNECT_S: Final = 2.0
READ_S: Final = 5.0
"""Together below the time that a carrier has for one method."""

_POOL: Final = 32
_DOWN: Final = Meaning(Cause.FAILED, False)
_LOST: Final = Meaning(Cause.UNCERTAIN, False)
_SENTENCES: Final = {
    Cause.UNCERTAIN: "Twilio did not say whether it did it",
    Cause.UNREACHABLE: "Twilio cannot reach this number",
    Cause.REFUSED: "Twilio refused this",
    Cause.FAILED: "Twilio could not do this now",
}


class Transport(HttpClient):  # type: ignore[misc]  # the package has no types
    """Carries the package's requests, to another address where one is configured. It logs nothing."""

    def __init__(self, address: str) -> None:
        super().__init__(None, False, READ_S)
        self._to = urlsplit(address) if address else None
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_connections=_POOL, pool_maxsize=_POOL)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def request(self, method: str, url: str, params: Any = None, data: Any = None, headers: Any = None,
                auth: Any = None, timeout: float | None = None, allow_redirects: bool = False) -> Response:
        """Make one request; redirects are not followed, since they would carry the token elsewhere."""
        if self._to is not None:
            url = urlunsplit(urlsplit(url)._replace(scheme=self._to.scheme, netloc=self._to.netloc))
        answer = self._session.request(method, url, params=params, data=data, headers=headers, auth=auth,
                                       timeout=(CONNECT_S, READ_S), allow_redirects=False)
        return Response(answer.status_code, answer.text, answer.headers)


def client(account: str, token: str, address: str) -> Client:
    """Return the package's client for an account. `address` stands in for Twilio's own where it is not empty."""
    return Client(account, token, http_client=Transport(address))


def ask(question: Callable[[], T]) -> T:
    """Ask Twilio. Raises CarrierError for whatever goes wrong, without a trace of what was raised there."""
    try:
        return question()
    except TwilioRestException as error:
        code = int(error.code) if isinstance(error.code, int) else None
        meaning, code_said = meaning_of(error.status, code), error.code or error.status
    except TwilioServiceException as error:
        meaning, code_said = meaning_of(error.status, error.code), error.code
    except (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL):
        meaning, code_said = _DOWN, ""
    except requests.exceptions.ConnectionError as error:
        meaning, code_said = (_DOWN if _never_sent(error) else _LOST), ""
    except (TwilioException, requests.exceptions.RequestException, ValueError, KeyError, TypeError, AttributeError):
        # A time-out, an answer that is cut off or is not Twilio's: it may have been done.
        meaning, code_said = _LOST, ""
    # Outside the handlers, so that the error carries no context.
    raise CarrierError(_SENTENCES[meaning.cause], permanent=meaning.permanent, cause=meaning.cause,
                       provider_code=str(code_said))


def _never_sent(error: requests.exceptions.ConnectionError) -> bool:
    """Return whether there was no connection at all, so that nothing can have been asked."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return type(reason).__name__ in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")
