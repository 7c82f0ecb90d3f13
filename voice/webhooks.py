"""What carriers tell us over HTTP. Nothing is believed before the carrier's own `verify` has let it through.

403: not of this carrier. 404: no such leg. 200: taken, also for a repeat, which changes nothing. 500: we failed, and
the carrier should try again. No address here holds a number, and no answer but a route for a call that comes in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from voice import incoming
from voice.carriers import carrier_of
from voice.carriers.base import Carrier, Forged, WebhookRequest
from voice.carriers.documents import Document, WritesDocuments
from voice.holding import alone
from voice.services import take_events
from voice.standing import Unknown, check_leg, instruction_of

log = logging.getLogger(__name__)
View = Callable[..., HttpResponse]
NOTHING: Final = Document(b"", "text/plain")


def webhook(handle: Callable[..., Document]) -> View:
    """Let only requests of the configured carrier through to `handle`, and answer what becomes of them."""

    @csrf_exempt
    @require_POST
    @wraps(handle)
    def view(http: HttpRequest, carrier: str, **named: Any) -> HttpResponse:
        if carrier != settings.CURBSIDE_CARRIER:
            return HttpResponse(status=404)
        try:
            speaker = carrier_of(carrier)
            request = _read(http)
            speaker.verify(request)
            document = handle(speaker, request, **named)
        except Forged:
            log.warning("a webhook was refused", extra={"status": 403})
            return HttpResponse(status=403)
        except (Unknown, incoming.Unknown):
            log.warning("a webhook is of nothing that we know", extra={"status": 404})
            return HttpResponse(status=404)
        except Exception:
            # Not left to Django: its page of an error would show the carrier's form, numbers included.
            log.exception("a webhook failed and is asked for again", extra={"status": 500})
            return HttpResponse(status=500)
        return HttpResponse(document.body, content_type=document.content_type)

    return view


def _read(http: HttpRequest) -> WebhookRequest:
    """Return the request as carriers read it. Raises Forged where no form can be read: no carrier sends such a one."""
    try:
        form = http.POST.dict()
    except (SuspiciousOperation, BadRequest, MultiPartParserError, UnicodeError, LookupError):
        raise Forged from None
    return WebhookRequest(http.path, http.META.get("QUERY_STRING", ""), form, http.headers)


@webhook
def leg(carrier: Carrier, request: WebhookRequest, what: str, reference: str, n: str = "") -> Document:
    """Take what a carrier says of a leg that we dialled, and tell the leg what to do where the carrier asks."""
    check_leg(carrier.name, reference)
    events = carrier.parse(request)
    take_events(carrier.name, events)
    if not isinstance(carrier, WritesDocuments) or not events:
        return NOTHING
    return carrier.instruct(request, instruction_of(reference, events[0].carrier_id))


@webhook
def call_in(carrier: Carrier, request: WebhookRequest) -> Document:
    """Somebody calls a number that the service holds: say where that call goes."""
    speaker = _writer(carrier)
    with alone(), transaction.atomic():
        route = incoming.receive(carrier.name, speaker.incoming(request), timezone.now())
    return speaker.route(route)


@webhook
def after(carrier: Carrier, request: WebhookRequest, reference: str, step: int) -> Document:
    """The place that rang is done: nobody took it there, or they have talked."""
    speaker = _writer(carrier)
    with alone(), transaction.atomic():
        route = incoming.go_on(reference, step, speaker.incoming(request), timezone.now())
    return speaker.route(route)


@webhook
def accept(carrier: Carrier, request: WebhookRequest, reference: str, step: int) -> Document:
    """A phone answered a call that came in: let the caller through, or ask for a key where a machine may answer."""
    speaker = _writer(carrier)
    with alone(), transaction.atomic():
        through, language = incoming.let_through(reference, step, speaker.pressed(request))
    return speaker.accept(reference, step, language, accepted=through)


@webhook
def ended(carrier: Carrier, request: WebhookRequest) -> Document:
    """A call that came in is over."""
    with alone(), transaction.atomic():
        incoming.end(carrier.name, _writer(carrier).incoming(request).carrier_id, timezone.now())
    return NOTHING


def _writer(carrier: Carrier) -> WritesDocuments:
    if not isinstance(carrier, WritesDocuments):
        raise Forged
    return carrier


urlpatterns = [
    path("voice/<slug:carrier>/incoming", call_in),
    path("voice/<slug:carrier>/ended", ended),
    path("voice/<slug:carrier>/after/<slug:reference>/<int:step>", after),
    path("voice/<slug:carrier>/accept/<slug:reference>/<int:step>", accept),
    path("voice/<slug:carrier>/<slug:what>/<slug:reference>", leg),
    path("voice/<slug:carrier>/<slug:what>/<slug:reference>/<slug:n>", leg),
]
