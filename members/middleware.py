"""What no view should have to think of: text that no database can keep, refusals that no view has answered, caches.

PostgreSQL stores no NUL and no driver takes half a surrogate pair, so both are refused before any view, in our one
shape; so is a body that is too large. A Refusal outside our own API is a sign-in of allauth's that finds no turn.
"""

from collections.abc import Callable

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse

from members.problems import shape, status_of
from realtime.protocol import Refusal, refuse

API = "/api/"
JSON_PATHS = (API, "/_allauth/")


def check_text(request: HttpRequest) -> None:
    """Raise Refusal `malformed` or `too_large` for what cannot be kept, in the address or in a JSON body."""
    if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
        raise refuse("malformed")
    # These read a body as JSON whatever it says that it is.
    if not request.path_info.startswith(JSON_PATHS):
        return
    try:
        body = request.body
    except RequestDataTooBig:
        raise refuse("too_large") from None
    if not body or body.startswith(b"--"):  # nothing, or a form in parts, which no reader takes for JSON
        return
    # Stricter than the views' own reader: no other encoding than UTF-8, no half surrogate, no depth without end.
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        raise refuse("malformed") from None
    if b"\\u0000" in body:
        raise refuse("malformed")


class NoStoreMiddleware:
    """Says of every answer of our API, refusals included, that nobody on the way keeps it: they name people."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Mark the answer. Source: RFC 9111, section 5.2.2.5."""
        response = self.get_response(request)
        if request.path_info.startswith(API):
            response["Cache-Control"] = "no-store"
        return response


class RefusalMiddleware:
    """Refuses what cannot be kept, and answers a Refusal that no view has answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, unless it holds what cannot be kept."""
        try:
            check_text(request)
        except Refusal as refusal:
            return JsonResponse(shape(refusal), status=status_of(refusal.code))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the refusal as JSON, None for any other error."""
        return JsonResponse(shape(error), status=status_of(error.code)) if isinstance(error, Refusal) else None
