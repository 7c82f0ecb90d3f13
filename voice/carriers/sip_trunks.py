"""The trunks of the settings, as a media worker opens them. Only `runmedia` and tests make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from voice.carriers.base import CarrierEvent
from voice.carriers.sip_calls import Ports, SipCalls
from voice.carriers.sip_transport import Place
from voice.media.shapes import Stats
from voice.sip.events import Timing, Trunk


def check_trunks() -> None:
    """Raise ImproperlyConfigured where a media worker could ring nobody, or would trust nobody."""
    if not settings.CURBSIDE_SIP_TRUNKS or not settings.CURBSIDE_SIP_ADDRESS:
        raise ImproperlyConfigured("With CURBSIDE_CARRIER=sip a media worker needs CURBSIDE_SIP_TRUNKS and "
                                   "CURBSIDE_SIP_ADDRESS")
    for n, (_, place) in enumerate(trunks_and_places(), 1):
        try:
            place.security()
        except OSError:  # ssl.SSLError is one
            raise ImproperlyConfigured(f"CURBSIDE_SIP_TRUNKS, trunk {n}: ca_file holds no certificate") from None


def trunks_and_places() -> list[tuple[Trunk, Place]]:
    """Return what the settings name, in their order."""
    made = []
    for one in settings.CURBSIDE_SIP_TRUNKS:
        transport: Literal["tcp", "tls"] = "tls" if one.transport == "tls" else "tcp"
        trunk = Trunk(one.name, one.domain, transport, one.user, one.password, one.from_domain, one.realm)
        place = Place(one.host, one.port, tls=transport == "tls", name=one.server_name, ca_file=one.ca_file)
        made.append((trunk, place))
    return made


def make_lines(
    plane: Ports, tell: Callable[[CarrierEvent, Stats | None], None], sounds: Callable[[str], None]
) -> SipCalls:
    """Return the calls of one worker over the trunks of the settings. Called in its event loop.

    An engine knows itself by which address the outside reaches it.
    """
    public = settings.CURBSIDE_SIP_PUBLIC_ADDRESS if settings.CURBSIDE_MEDIA_PLANE == "worker" else ""
    return SipCalls(
        plane, trunks_and_places(), tell, address=settings.CURBSIDE_SIP_ADDRESS, ports=settings.CURBSIDE_SIP_PORTS,
        public=public, timing=Timing(session_s=settings.CURBSIDE_SIP_SESSION_S),
        sounds=sounds,
    )  # fmt: skip
