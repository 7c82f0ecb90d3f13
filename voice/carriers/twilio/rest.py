"""Twilio's REST interface through its package: our own transport, and its exceptions in our words.

Exceptions of the package and of the network hold addresses, numbers and bodies. None of them leaves this file, not as a
cause, not as a context, and nothing here writes a log line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic
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
READ_MOST: Final = 16 * 1024 * 1024
"""Bytes of an answer. The longest that is asked for, a list of 1000 calls, has about a tenth of that."""

_POOL: Final = 32
_bound = threading.local()
BROKEN: Final = 500
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
        left = min(CONNECT_S + READ_S, getattr(_bound, "ends", inf) - monotonic())
        if left <= 0:
            raise requests.exceptions.ConnectTimeout
        ends, connect = monotonic() + left, min(CONNECT_S, left / 2)
        with self._session.request(method, url, params=params, data=data, headers=headers, auth=auth,
                                   timeout=(connect, min(READ_S, left - connect)), allow_redirects=False,
                                   stream=True) as answer:
            return Response(answer.status_code, _text(answer, ends), answer.headers)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Have all that this thread asks in the block answered in so many seconds together."""
    _bound.ends = monotonic() + seconds
    try:
        yield
    finally:
        del _bound.ends


def _text(answer: requests.Response, ends: float) -> str:
    """Read an answer by an instant, whatever the pace at which it comes: a read time-out bounds each piece alone."""
    read = b""
    while piece := answer.raw.read1(65536, decode_content=True):
        read += piece
        if monotonic() > ends or len(read) > READ_MOST:
            raise requests.exceptions.ReadTimeout
    return read.decode("utf-8", "replace")


def client(account: str, token: str, address: str) -> Client:
    """Return the package's client for an account. `address` stands in for Twilio's own where it is not empty."""
    return Client(account, token, http_client=Transport(address))


def ask(question: Callable[[], T]) -> T:
    """Ask Twilio. Raises CarrierError for whatever goes wrong, without a trace of what was raised there."""
    try:
        return question()
    except (TwilioRestException, TwilioServiceException) as error:
        status, code = _small(error.status), _small(error.code)
        meaning, code_said = meaning_of(status or BROKEN, code), str(code or status or "")
    except TwilioException as error:
        # A list that was refused: the package says no status then, but hands the answer along.
        status = _small(getattr(error.args[-1], "status_code", None))
        meaning, code_said = (meaning_of(status, None), str(status)) if status else (_LOST, "")
    except (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL):
        meaning, code_said = _DOWN, ""
    except requests.exceptions.ConnectionError as error:
        meaning, code_said = (_DOWN if _never_sent(error) else _LOST), ""
    except Exception:  # noqa: BLE001  (a nonsense answer breaks the package anywhere, and its exception holds it)
        # A time-out, an answer that is cut off or is not Twilio's: it may have been done.
        meaning, code_said = _LOST, ""
    # Outside the handlers, so that the error carries no context.
    raise CarrierError(_SENTENCES[meaning.cause], permanent=meaning.permanent, cause=meaning.cause,
                       provider_code=code_said)


def _small(said: object) -> int | None:
    """Return what an error answer calls its status or code; None for what is none: it would stand in our logs."""
    return said if isinstance(said, int) and 0 < said < 100_000 else None


def _never_sent(error: requests.exceptions.ConnectionError) -> bool:
    """Return whether there was no connection at all, so that nothing can have been asked."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return type(reason).__name__ in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")
