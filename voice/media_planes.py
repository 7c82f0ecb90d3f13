"""Which plane carries the sound of a media worker's calls, as the settings have it."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from voice.media.engine_plane import EnginePlane
from voice.media.plane import Plane
from voice.media.rtpengine import Address, Engines
from voice.media.shapes import IceSettings, Told


def make_plane(tell: Callable[[Told], None]) -> Plane:
    """Make it, in the event loop."""
    if settings.CURBSIDE_MEDIA_PLANE == "rtpengine":
        return EnginePlane(Engines(Address(host, port) for host, port in settings.CURBSIDE_RTPENGINES), tell)
    ice = IceSettings(
        stun=next(iter(settings.CURBSIDE_STUN_URLS), ""), addresses=tuple(settings.CURBSIDE_MEDIA_ADDRESSES),
        public=settings.CURBSIDE_MEDIA_PUBLIC_ADDRESS,
    )  # fmt: skip
    return Plane(ice, tell)
