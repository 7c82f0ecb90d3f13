"""Carriers by their names. Only this module knows which there are."""

from __future__ import annotations

from functools import cache
from typing import Final

from django.utils.module_loading import import_string

from voice.carriers.base import Carrier

CARRIERS: Final = {
    "loopback": "voice.carriers.loopback.Loopback",
    "twilio": "voice.carriers.twilio.Twilio",
    "sip": "voice.carriers.sip.Sip",
}


@cache
def carrier_of(name: str) -> Carrier:
    """Return the carrier of this name, made on first use. Raises KeyError for a name that is none."""
    carrier: Carrier = import_string(CARRIERS[name])()
    return carrier
