"""The sound of one's own call over HTTP: which servers help a browser to be reached, and the offer of a connection."""

from __future__ import annotations

from threading import BoundedSemaphore
from time import monotonic, sleep
from typing import Annotated, Any, Final

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from members.auth import account_of, signed_in
from members.problems import PROBLEMS
from members.second_factor import has_second_factor
from realtime import protocol as wire
from voice import signals
from voice.call import Way
from voice.ice import ice_servers
from voice.models import MediaSignal
from voice.owning import check_way
from voice.refusals import refuse

router = Router(tags=["calls"], auth=signed_in)
SDP_MOST: Final = 16_384
WAIT_S: Final = 8.0
SOON_S: Final = 0.4
"""For how long an answer is looked for in quick steps; from then on no connection to the database is held meanwhile."""
QUICK_S, SLOW_S = 0.01, 0.1
WAITING_MOST: Final = 64
_waiting = BoundedSemaphore(WAITING_MOST)


class IceServer(Schema):
    """One entry of `iceServers`, as RTCPeerConnection takes it."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class IceServers(Schema):
    """What RTCPeerConnection is made with. Credentials end by themselves and say nothing of who has them."""

    iceServers: list[IceServer]  # noqa: N815  (the browser's own word: RTCConfiguration)


class Offered(Schema):
    """The complete SDP of an offer, of at most 16 KiB."""

    sdp: Annotated[str, Field(min_length=1, max_length=SDP_MOST)]


class Answered(Schema):
    """The answer, complete; `peer` counts the connections of this leg, of which the newest with sound is heard."""

    peer: int
    sdp: str


@router.get("/calls/media/ice", response={200: IceServers, **PROBLEMS}, exclude_none=True,
            summary="Which servers help a browser")
def get_ice(request: HttpRequest) -> Any:
    """For who may call, while a call over a browser would be carried; else `call.no_media`, and the phone is rung."""
    account, now = account_of(request), timezone.now()
    if account.verified_at is None:
        raise refuse("call.not_verified")
    if not has_second_factor(str(account.pk)):
        raise refuse("call.second_factor")
    check_way(Way.WEBRTC, now)
    return {"iceServers": ice_servers(now.timestamp())}


@router.post("/calls/{r}/media", response={200: Answered, **PROBLEMS}, summary="Offer a connection for the sound")
def post_offer(request: HttpRequest, r: str, offered: Offered) -> Any:
    """Only who made the call offers, and for a call that goes over a browser now. The newest offer replaces the others.

    Waits for the answer of the media worker, some hundredths of a second and at most eight seconds.
    """
    if not _waiting.acquire(blocking=False):
        raise wire.refuse("busy", after=1.0)
    try:
        signal = signals.offer(account_of(request).pk, r, offered.sdp, timezone.now())
        return {"peer": signal.peer, "sdp": wait(signal)}
    finally:
        _waiting.release()


def wait(signal: MediaSignal) -> str:
    """Return the answer to an offer as soon as it is there. Raises Refusal `media.none`, `media.refused`."""
    began = monotonic()
    while (answer := signals.read_answer(signal)) is None:
        waited = monotonic() - began
        if waited > WAIT_S:
            raise refuse("media.none")
        if waited > SOON_S and not connection.in_atomic_block:
            connection.close()  # gives it back to the pool, which has fewer than there may be threads that wait
        sleep(QUICK_S if waited < SOON_S else SLOW_S)
    return answer
