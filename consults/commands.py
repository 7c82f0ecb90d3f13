"""The commands of consults on the wire: `asgi.py` hands these tables to `realtime`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from consults import services
from consults.domain import Act
from consults.shapes import MESSAGE_CHARS, Message, check_length, read
from privacy.rules import check_text
from realtime.commands import Prepare


def prepare_message(d: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a `message` to store. Raises Refusal `malformed`, `too_large`, `gate`."""
    text = check_length(read(Message, d).text, MESSAGE_CHARS)
    check_text(text)
    return {"text": text}


PREPARES: Final[Mapping[str, Prepare]] = {Act.MESSAGE.value: prepare_message}
# What goes to `me` and is recorded in the member's inbox.
OWN: Final[Mapping[str, services.TimedService]] = {
    "consult.ask": services.ask,
    "consult.report": services.report,
    "offer.accept": services.accept,
    "offer.decline": services.decline,
}
# What goes to a consult's own stream.
SERVICES: Final[Mapping[str, services.TimedService]] = {
    Act.EDIT.value: services.edit,
    Act.REDACT.value: services.redact,
    Act.WITHDRAW.value: services.withdraw,
    Act.CLOSE.value: services.close,
    Act.HAND_BACK.value: services.hand_back,
    Act.INVITE.value: services.invite,
    Act.LEAVE.value: services.leave,
    Act.REOPEN.value: services.reopen,
}
