"""Refusals outside our own API, such as a sign-in of allauth's that finds no turn to hash, in our one shape."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from members.problems import shape, status_of
from realtime.protocol import Refusal


class RefusalMiddleware:
    """Answers a Refusal that no view has answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the refusal as JSON, None for any other error."""
        return JsonResponse(shape(error), status=status_of(error.code)) if isinstance(error, Refusal) else None
