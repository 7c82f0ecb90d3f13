"""Every HTTP answer that is not a success has one shape, whatever went wrong: {code, msg, retry, d?}."""

from collections.abc import Callable
from typing import Any

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from members.schemas import Problem
from realtime.protocol import REFUSALS, Refusal

PROBLEMS: dict[Any, Any] = {frozenset((400, 401, 403, 404, 409, 413, 422, 429, 503)): Problem}
STATUS = {
    "not_found": 404, "unauthorized": 401, "csrf": 403, "not_verified": 403, "conflict": 409, "closed": 409,
    "rate": 429, "busy": 503, "internal": 500, "too_large": 413, "too_many": 409, "malformed": 422, "invalid": 422,
    "gate": 422, "clinic.not_verified": 403, "media.none": 503, "call.no_media": 503,
}


def status_of(code: str) -> int:
    """Return the HTTP status of a refusal's code; a dotted one of an app is a conflict with what is."""
    return STATUS.get(code, 409)


def answer_problems(api: NinjaAPI) -> None:
    """Have an API answer refusals, and the framework's own errors, in the one shape."""

    def answer(request: HttpRequest, status: int, problem: dict[str, Any]) -> HttpResponse:
        return api.create_response(request, problem, status=status)

    def refused(request: HttpRequest, error: Refusal) -> HttpResponse:
        response = answer(request, status_of(error.code), shape(error))
        if error.after is not None:
            response["Retry-After"] = str(int(error.after) + 1)
        return response

    def malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
        fields = {str(part) for found in error.errors for part in found.get("loc", ())[-1:]}
        return answer(request, 422, _plain("malformed") | {"d": {"fields": sorted(fields)[:20]}})

    def other(request: HttpRequest, error: HttpError) -> HttpResponse:
        return answer(request, error.status_code, _plain("malformed" if error.status_code < 500 else "internal"))

    def always(status: int, code: str) -> Callable[[HttpRequest, Exception], HttpResponse]:
        return lambda request, error: answer(request, status, _plain(code))

    handlers: dict[type[Exception], Any] = {
        Refusal: refused, ValidationError: malformed, HttpError: other,
        AuthenticationError: always(401, "unauthorized"), Throttled: always(429, "rate"),
        Http404: always(404, "not_found"), OperationalError: always(503, "busy"),
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _plain(code: str) -> dict[str, Any]:
    msg, retry = REFUSALS[code]
    return {"code": code, "msg": msg, "retry": retry}


def shape(error: Refusal) -> dict[str, Any]:
    """Return the one shape of a refusal."""
    problem = {"code": error.code, "msg": error.msg, "retry": error.retry}
    return problem if error.d is None else problem | {"d": error.d}
