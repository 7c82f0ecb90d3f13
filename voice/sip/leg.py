"""One call that we make: from the INVITE to the answer, by whatever comes between; then it is a `Talk`. Sans-IO.

Theory. An INVITE is answered by any number of provisional responses and one final one; where a proxy forks it, by
several that accept. The first that accepts makes the call, every other one is acknowledged and ended. An INVITE can
be taken back (CANCEL) once there was a provisional response, and until there is a final one; the two may cross, so
whoever has hung up also acknowledges and ends what answers late. Source: RFC 3261, sections 9, 13 and 17.1.1.
"""

from __future__ import annotations

import secrets
from enum import IntEnum
from typing import Final

from voice.call_events import Cause
from voice.sip import refresh
from voice.sip.causes import NEXT_TRUNK, TIMED_OUT, Ending, cause_of
from voice.sip.dialog import Dialog
from voice.sip.events import Answered, Early, Ended, Order, Ringing
from voice.sip.line import ALLOW, Asked, Field, Line
from voice.sip.message import Malformed, Request, Response
from voice.sip.sdp import Direction, Session
from voice.sip.talk import Talk
from voice.sip.values import parse_address

RINGS: Final = frozenset({180, 183})


class Phase(IntEnum):
    """How far a leg has come. It only rises."""

    CALLING = 0
    RINGING = 1
    TALKING = 2
    LEAVING = 3
    OVER = 4


class Leg:
    """One call of ours. Its `id` is the ``Call-ID``."""

    def __init__(self, line: Line, order: Order) -> None:
        self.id = order.call_id or secrets.token_hex(16)
        self.phase = Phase.CALLING
        self.talk: Talk | None = None
        self._line, self._order = line, order
        self._session = Session(order.sound)
        shown = f"<sip:{order.shown}@{line.trunk.ours or line.trunk.domain}>"
        self._uri = f"sip:{order.to}@{line.trunk.domain}"
        self._from = f"{shown};tag={secrets.token_hex(8)}"
        self._asserted: Field = ("p-asserted-identity", shown)
        self._sequence = 0
        self._fresh = refresh.Fresh(line.timing)
        self._invite: Asked | None = None
        self._cancelled = self._rang = False
        self._why = Cause.CANCELLED
        self._previews: dict[str, bytes] = {}
        self._acks: dict[str, Request] = {}
        self._timers: dict[str, float] = {}

    # --- what we ask for ------------------------------------------------------------------------------------------

    def begin(self, now: float) -> None:
        """Send the INVITE; on a line that is down the leg is over at once."""
        if not self._line.up:
            self._finish(Cause.FAILED, 0, now, next_trunk=True)
            return
        self._timers["ring"] = now + self._order.timeout_s
        self._send(now)

    def hang_up(self, now: float, cause: Cause = Cause.CANCELLED) -> None:
        """End the leg, however far it has come. One that is over stays so."""
        if self.phase is Phase.TALKING and self.talk is not None:
            self.talk.hang_up(Cause.COMPLETED, now)
        elif self.phase < Phase.TALKING:
            self.phase, self._why = Phase.LEAVING, cause
            self._timers.pop("ring", None)
            self._cancel(now)

    def change(self, direction: Direction, now: float) -> None:
        """Hold or resume. Before the answer and after the end there is nothing to hold."""
        if self.phase is Phase.TALKING and self.talk is not None:
            self.talk.change(direction, now)

    def moved(self) -> None:
        """Tell the far end of a call that was answered our new address, as soon as time is asked for."""
        if self.phase is Phase.TALKING and self.talk is not None:
            self.talk.moved()

    def _send(self, now: float, before: Asked | None = None) -> None:
        """Send the INVITE, the same from one time to the next but for its number and its credentials."""
        self._sequence += 1
        fields: list[Field] = [
            ("from", self._from), ("to", f"<{self._uri}>"), ("call-id", self.id),
            ("cseq", f"{self._sequence} INVITE"), ("contact", self._line.contact), self._asserted,
            ("allow", ", ".join(ALLOW)), ("expires", str(round(self._order.timeout_s) or 1)),
            *self._fresh.ask(),
            *self._line.digest.credentials("INVITE", self._uri),
        ]  # fmt: skip
        request = self._line.request("INVITE", self._uri, fields, self._session.offer())
        tries = before.tries if before else None
        self._invite = self._line.ask(request, self, now + self._line.timing.first_s, tries)

    def _cancel(self, now: float) -> None:
        """Take the INVITE back, if that can be done already. Source: RFC 3261, section 9.1."""
        invite = self._invite
        if invite is None or not invite.provisional or self._cancelled:
            return
        self._cancelled = True
        headers = invite.request.headers
        fields = [(name, value) for name, value in headers.fields if name in ("route", "from", "to", "call-id")]
        request = self._line.request("CANCEL", invite.request.uri, [*fields, ("cseq", f"{self._sequence} CANCEL")],
                                     via=headers.one("via"))  # fmt: skip
        until = now + self._line.timing.transaction_s
        self._line.ask(request, self, until)
        if not invite.over:
            invite.deadline = until

    # --- what becomes of it -----------------------------------------------------------------------------------------

    def answered(self, asked: Asked, response: Response, now: float) -> None:
        """A response to a request of ours."""
        if asked.request.method != "INVITE":
            if response.status >= 200:
                self._line.drop(asked)
        elif response.status < 200:
            self._progressed(asked, response, now)
        elif response.status < 300:
            self._accepted(asked, response, now)
        else:
            self._line.acknowledge_refusal(asked, response)
            if asked is self._invite and not asked.over:
                self._refused(asked, response, now)

    def unanswered(self, asked: Asked, now: float, *, lost: bool) -> None:
        """No answer in time. To a CANCEL that changes nothing; an INVITE has failed by it."""
        if asked.request.method != "INVITE":
            self._line.drop(asked)
            return
        self._line.linger(asked, now)
        if self.phase is Phase.LEAVING:
            self._finish(self._why, 0, now)
        elif lost:  # it may have arrived, so it is not tried elsewhere
            self._finish(Cause.UNCERTAIN, 0, now)
        else:
            self._finish(Cause.FAILED, TIMED_OUT, now, next_trunk=True)

    def _progressed(self, asked: Asked, response: Response, now: float) -> None:
        first, asked.provisional = not asked.provisional, True
        if self.phase >= Phase.LEAVING:
            self._cancel(now)
            return
        if first:
            asked.deadline = None
        if response.status == 100 or self.phase is Phase.TALKING:
            return
        if response.status in RINGS and not self._rang:
            self._rang, self.phase = True, Phase.RINGING
            self._line.told.append(Ringing(self.id))
        if response.body:
            self._preview(response)

    def _preview(self, response: Response) -> None:
        """Sound before the answer: of the fork that sends it first, and told again only where it has changed."""
        try:
            tag = parse_address(response.headers.one("to")).tag
            sound = self._session.read(response.body).sound
        except Malformed:
            return
        known = self._previews.get(tag)
        if known == response.body or (known is None and self._previews):
            return
        self._previews[tag] = response.body
        self._line.told.append(Early(self.id, sound))

    def _accepted(self, asked: Asked, response: Response, now: float) -> None:
        try:
            dialog = Dialog(asked.request, response)
        except Malformed:
            self._line.linger(asked, now)
            if asked is self._invite and self.phase < Phase.TALKING:
                self._finish(Cause.FAILED, response.status, now)
            return
        if known := self._acks.get(dialog.remote_tag):  # our ACK was lost
            self._line.send(known)
            return
        self._acks[dialog.remote_tag] = ack = dialog.acknowledge(self._line, asked.request)
        self._line.send(ack)
        self._line.linger(asked, now)
        if self.phase >= Phase.TALKING:
            self._end_late(dialog, now)
            return
        try:
            far = self._session.take_answer(response.body or self._previews.get(dialog.remote_tag, b""))
        except Malformed:
            self._end_late(dialog, now)
            self._finish(Cause.FAILED, response.status, now)
            return
        self._timers.clear()
        self.phase = Phase.TALKING
        self.talk = Talk(self._line, self.id, dialog, self._session, self._asserted, self._talked)
        self.talk.keep_fresh(refresh.agreed_by(response.headers, self._line.timing), now)
        self._line.told.append(Answered(self.id, far))

    def _end_late(self, dialog: Dialog, now: float) -> None:
        """End what has answered beside the first, or after we have hung up."""
        Talk(self._line, self.id, dialog, self._session, self._asserted, lambda _: None).hang_up(Cause.CANCELLED, now)
        if self.phase is Phase.LEAVING:
            self._finish(self._why, 0, now)

    def _refused(self, asked: Asked, response: Response, now: float) -> None:
        status = response.status
        if self.phase is Phase.LEAVING:
            self._finish(self._why, 0, now)
        elif (status in (401, 407) and self._line.digest.learn(response, asked.tries)) or self._fresh.learn(response):
            self._send(now, asked)
        else:
            another = status in NEXT_TRUNK and not self._rang
            self._finish(cause_of(status, rang=self._rang), status, now, next_trunk=another)

    def _talked(self, ending: Ending) -> None:
        self.phase = Phase.OVER
        self._line.told.append(Ended(self.id, ending.cause, ending.status, ending.by_far))

    def _finish(self, cause: Cause, status: int, now: float, *, next_trunk: bool = False) -> None:
        if self.phase is not Phase.OVER:
            self.phase = Phase.OVER
            self._timers.clear()
            self._line.told.append(Ended(self.id, cause, status, next_trunk=next_trunk))

    # --- what the far end asks for, and time --------------------------------------------------------------------------

    def take(self, connection: int, request: Request, now: float) -> None:
        """Take a request of the far end within a dialog of this leg. Raises Malformed."""
        tags = parse_address(request.headers.one("to")).tag, parse_address(request.headers.one("from")).tag
        talk = self.talk
        if talk is not None and self.phase is Phase.TALKING and tags == (talk.dialog.local_tag, talk.dialog.remote_tag):
            talk.take(connection, request, now)
        elif request.method != "ACK":
            self._line.answer(connection, request, 481)

    def next_due(self) -> float | None:
        """When something is due."""
        times = list(self._timers.values())
        if self.phase is Phase.TALKING and self.talk is not None and (at := self.talk.next_due()) is not None:
            times.append(at)
        return min(times, default=None)

    def due(self, now: float) -> None:
        """Do what is due."""
        if self._timers.get("ring", now + 1) <= now:
            self.hang_up(now, Cause.NO_ANSWER)
        if self.phase is Phase.TALKING and self.talk is not None:
            self.talk.due(now)
