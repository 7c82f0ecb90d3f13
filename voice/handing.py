"""What a clinician does with a call that goes on: another way for it, or holding the line, with the patient there."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from realtime import protocol as wire
from realtime.commands import Reply, Request
from realtime.instants import to_ms
from voice.call import Handover, Side, Way
from voice.holding import Held, holding
from voice.models import CallNumber
from voice.owning import check_way
from voice.phones import own_phone
from voice.refusals import refuse
from voice.sealed import mask, seal_in
from voice.shapes import HandOver, HoldLine, read
from voice.signals import living_over_browser


def hand_over(req: Request, now: datetime | None = None) -> Reply:
    """`call.hand_over`: go on over the own phone, which is rung now, or over this device, which offers a connection.

    The way of before goes on until the other is there. Raises Refusal `malformed`, `closed`, `call.no_hand_over`,
    `call.no_media`, `call.no_callback`, `call.no_phone`, `call.phone_cooling`.
    """
    now = now or timezone.now()
    way = read(HandOver, req.d).way
    with holding(req.stream, now) as held:
        if held.row.ended_at is not None:
            raise wire.refuse("closed")
        if not held.call.can_hand_over(way):
            raise refuse("call.no_hand_over")
        check_way(way, now)
        if way is Way.CALLBACK:
            _keep_number(held, own_phone(req.member), now)
        seq = held.w.append(
            req.stream, "call.hand_over", {"way": way}, seat=req.seat, c=req.c, digest=req.digest, ts=to_ms(now))
        held.feed(Handover(way))
        return Reply(seq)


def hold_line(req: Request, now: datetime | None = None) -> Reply:
    """`call.hold`: have both sides hear that the line is held, and not each other; or no longer.

    For a call over this device. Raises Refusal `malformed`, `closed`, `media.no_leg`.
    """
    now = now or timezone.now()
    held_now = read(HoldLine, req.d).held
    with holding(req.stream, now) as held:
        if held.row.ended_at is not None:
            raise wire.refuse("closed")
        legs = living_over_browser(held.call)
        if not legs:
            raise refuse("media.no_leg")
        seq = held.w.append(
            req.stream, "call.hold", {"held": held_now}, seat=req.seat, c=req.c, digest=req.digest, ts=to_ms(now))
        held.hold(legs[-1], held_now)
        return Reply(seq)


def _keep_number(held: Held, number: str, now: datetime) -> None:
    """The number that is rung now belongs to the call, in the place of one that was rung before."""
    kept = CallNumber.objects.filter(call=held.row, role=Side.CLINICIAN.value).first()
    kept = kept or CallNumber(call=held.row, role=Side.CLINICIAN.value)
    kept.made_at = now
    seal_in(kept, "sealed", number)
    kept.save()
    held.change(clinician_mask=mask(number))
