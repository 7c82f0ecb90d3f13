"""The STUN and TURN servers of this installation, as its settings name them."""

from __future__ import annotations

import secrets

from django.conf import settings

from voice.media import ice
from voice.media.ice import IceHelp, IceServer

_SET_UP_S = 300
"""How much longer than the longest call credentials live: they are handed out before it begins."""


def ice_help() -> IceHelp:
    """What is configured."""
    return IceHelp(
        stun=tuple(settings.CURBSIDE_STUN_URLS),
        turn=tuple(settings.CURBSIDE_TURN_URLS),
        secret=settings.CURBSIDE_TURN_SECRET,
        life_s=settings.CURBSIDE_CALL_SPANS["max_duration"] + _SET_UP_S,
    )


def ice_servers(now: float) -> list[IceServer]:
    """Return the `iceServers` of one peer connection, with new credentials; `now` in seconds since 1970."""
    return ice.ice_servers(ice_help(), now, secrets.token_urlsafe(9))
