"""Who is in a room of Twilio's, which it calls a conference."""

from __future__ import annotations

import time
from typing import Final

from twilio.rest import Client

from voice.carriers.twilio import rest

LOOKS: Final = 4
BETWEEN_LOOKS_S: Final = 0.4
LOOKS_FOR_ONE_WHO_COMES: Final = 10
"""Of one who was told to come: told again on the way in, that leg would leave the room, and end it for the other."""
ROOMS_MOST: Final = 10
"""Of one call: going from one way to another may leave some behind that are over."""


def missing(client: Client, legs: set[str], room: str, looks: int = LOOKS) -> set[str]:
    """Return which of these legs do not come into the room within a moment. Raises CarrierError."""
    found = legs
    for look in range(looks):
        found = legs - _inside(client, room)
        if not found or look == looks - 1:
            break
        time.sleep(BETWEEN_LOOKS_S)
    return found


def _inside(client: Client, room: str) -> set[str]:
    # One in which the clinician waits for the patient has not begun, and is a room all the same.
    listed = rest.ask(lambda: client.conferences.list(friendly_name=room, limit=ROOMS_MOST))
    rooms = [one for one in listed if str(one.status) != "completed"]
    if not rooms:
        return set()
    here = rest.ask(lambda: client.conferences(rooms[0].sid).participants.list(limit=10))
    return {str(one.call_sid) for one in here}
