"""A leg that was answered: hold and resume both ways, session timers both ways, and its end. Sans-IO.

Both sides may offer, but only one at a time: two offers that cross are refused with 491 by both, and ours is made
again after a while that is longer for the one who has called. Source: RFC 3261, section 14; RFC 3264; RFC 3311.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from voice.call_events import Cause
from voice.sip import refresh
from voice.sip.causes import TIMED_OUT, Ending
from voice.sip.dialog import Dialog
from voice.sip.events import Changed, NotChanged
from voice.sip.line import ALLOW, Asked, Field, Line
from voice.sip.message import Malformed, Request, Response
from voice.sip.sdp import Direction, Session
from voice.sip.served import Served

ENDS: Final = frozenset({408, 481})
"""What a re-INVITE may be refused with that ends the whole dialog. Source: RFC 3261, section 12.2.1.2."""
GLARE_S: Final = (2.1, 4.0)


class Talk:
    """One confirmed dialog of ours. `over` is called once, when it has ended."""

    def __init__(
        self, line: Line, leg: str, dialog: Dialog, session: Session, asserted: Field,
        over: Callable[[Ending], None],
    ) -> None:  # fmt: skip
        self.dialog, self.session = dialog, session
        self._line, self._leg, self._asserted, self._over = line, leg, asserted, over
        self._ours: Asked | None = None
        self._changes = False  # whether our re-INVITE asks for another direction, or only refreshes
        self._before: Direction = session.here.direction
        self._wanted: Direction | None = None
        self._due_again = False
        self._served: Served | None = None
        self._acks: dict[Asked, Request] = {}
        self._fresh = refresh.Fresh(line.timing)
        self._bye: Asked | None = None
        self._ending = Ending(Cause.COMPLETED)
        self._done = False
        self.timers: dict[str, float] = {}

    @property
    def leaving(self) -> bool:
        """Whether a BYE of ours is on its way, or it is all over."""
        return self._done or self._bye is not None

    # --- what we ask for ------------------------------------------------------------------------------------------

    def change(self, direction: Direction, now: float) -> None:
        """Hold or resume: tell the far end who sends from now on."""
        self._wanted = direction
        self._go_on(now)

    def moved(self) -> None:
        """Refresh at once: our address in it is a new one. Source: RFC 3261, section 12.2.1 (target refresh)."""
        if not self.leaving:
            self.timers["refresh"] = 0.0

    def hang_up(self, cause: Cause, now: float, status: int = 0) -> None:
        """Send BYE; the leg is over when that is answered, or was not for too long."""
        if self.leaving:
            return
        self.timers.clear()
        self._served = None
        self._ending = Ending(cause, status)
        self._send_bye(now)

    def _end(self) -> None:
        if not self._done:
            self._done = True
            self.timers.clear()
            self._served = None
            self._over(self._ending)

    def _send_bye(self, now: float, before: Asked | None = None) -> None:
        request = self.dialog.request(self._line, "BYE")
        tries = before.tries if before else None
        self._bye = self._line.ask(request, self, now + self._line.timing.transaction_s, tries)

    def _go_on(self, now: float) -> None:
        """Make the offer that is wanted, as soon as none is on its way in either direction."""
        if self.leaving or self._ours or self._served or "glare" in self.timers:
            return
        if self._wanted is not None:
            self._changes, self._before = True, self.session.here.direction
            direction, self._wanted = self._wanted, None
            self._invite(direction, now)
        elif self._due_again:
            self._changes = False
            self._invite(self.session.here.direction, now)

    def _invite(self, direction: Direction, now: float, before: Asked | None = None) -> None:
        self._due_again = False
        fields: list[Field] = [
            ("contact", self._line.contact), self._asserted, ("allow", ", ".join(ALLOW)),
            *self._fresh.ask(),
        ]  # fmt: skip
        request = self.dialog.request(self._line, "INVITE", fields, self.session.offer(direction))
        tries = before.tries if before else None
        self._ours = self._line.ask(request, self, now + self._line.timing.transaction_s, tries)

    # --- what becomes of it -----------------------------------------------------------------------------------------

    def answered(self, asked: Asked, response: Response, now: float) -> None:
        """A response to a request of ours."""
        if response.status < 200:
            asked.provisional = True
        elif asked is self._bye:
            self._bye_answered(asked, response, now)
        elif asked.request.method == "BYE":
            self._line.drop(asked)
        elif asked in self._acks:
            if response.status < 300:  # our ACK was lost
                self._line.send(self._acks[asked])
        elif response.status < 300:
            self._accepted(asked, response, now)
        else:
            self._line.acknowledge_refusal(asked, response)
            if asked is self._ours:
                self._refused(asked, response, now)

    def unanswered(self, asked: Asked, now: float, *, lost: bool) -> None:
        """No answer came: a BYE has ended the leg all the same, and without a refresh there is nobody there."""
        self._line.drop(asked)
        if asked is self._bye:
            self._end()
        elif asked is self._ours:
            self._ours = None
            if lost:
                self._due_again = not self._changes  # it goes out with the next connection
                self._kept(0, now)
            else:
                self.hang_up(Cause.LOST, now, TIMED_OUT)

    def _bye_answered(self, asked: Asked, response: Response, now: float) -> None:
        self._line.drop(asked)
        if response.status in (401, 407) and self._line.digest.learn(response, asked.tries):
            self._send_bye(now, asked)
        else:
            self._end()

    def _accepted(self, asked: Asked, response: Response, now: float) -> None:
        self._ours = None
        self._line.linger(asked, now)
        try:
            self.dialog.retarget(response.headers)
            far = self.session.take_answer(response.body)
        except Malformed:
            far = None
        self._acks[asked] = ack = self.dialog.acknowledge(self._line, asked.request)
        self._line.send(ack)
        if self.leaving:
            return
        if far is None:
            self.hang_up(Cause.FAILED, now, response.status)
            return
        self.keep_fresh(refresh.agreed_by(response.headers, self._line.timing), now)
        self._line.told.append(Changed(self._leg, far, self.session.here))
        self._go_on(now)

    def _refused(self, asked: Asked, response: Response, now: float) -> None:
        self._ours = None
        direction = self.session.here.direction
        if self.leaving:
            return
        if response.status == 491:
            self._wanted = self._wanted or (direction if self._changes else None)
            self._due_again = not self._changes
            self.session.offer(self._before if self._changes else None)
            self.timers["glare"] = now + GLARE_S[0] + secrets.randbelow(191) / 100
        elif self._is_worth_sending_anew(asked, response):
            self._invite(direction, now, asked)
        elif response.status in ENDS:
            self.hang_up(Cause.LOST, now, response.status)
        else:
            self._kept(response.status, now)

    def _kept(self, status: int, now: float) -> None:
        """What was agreed before stands; a refresh that failed is seen when the session expires."""
        if self._changes:
            self.session.offer(self._before)
            self._line.told.append(NotChanged(self._leg, status))
        self._go_on(now)

    def _is_worth_sending_anew(self, asked: Asked, response: Response) -> bool:
        if response.status in (401, 407):
            return self._line.digest.learn(response, asked.tries)
        return self._fresh.learn(response)

    def keep_fresh(self, agreed: refresh.Refresh | None, now: float) -> None:
        """Run the session timers that were agreed on, from now."""
        self._fresh.agreed = agreed
        for name in ("refresh", "expire"):
            self.timers.pop(name, None)
        if agreed is not None and not self.leaving:
            self.timers["expire"] = now + agreed.end_s
            if agreed.ours:
                self.timers["refresh"] = now + agreed.refresh_s

    # --- what the far end asks for ----------------------------------------------------------------------------------

    def take(self, connection: int, request: Request, now: float) -> None:
        """Take a request of the far end within the dialog. Raises Malformed: it is answered with that status."""
        if request.method == "ACK":
            self._acknowledged(request, now)
        elif request.method == "CANCEL":  # what it cancels was answered before it came
            self._line.answer(connection, request, 200 if self._served else 481)
        elif not self.dialog.take_sequence(request):
            raise Malformed("an older request", 500)
        elif request.method == "BYE":
            self._line.answer(connection, request, 200)
            if not self.leaving:
                self._ending = Ending(Cause.COMPLETED, by_far=True)
            self._end()
        elif request.method in ("INVITE", "UPDATE"):
            self._offered(connection, request, now)
        else:
            self._line.answer(connection, request, 200, [("allow", ", ".join(ALLOW)), ("accept", "application/sdp")])

    def _offered(self, connection: int, request: Request, now: float) -> None:
        invites = request.method == "INVITE"
        if self.leaving:
            self._line.answer(connection, request, 481)
            return
        if (invites or request.body) and self._ours is not None:
            self._line.answer(connection, request, 491)
            return
        if (invites or request.body) and self._served is not None:
            self._line.answer(connection, request, 500, [("retry-after", str(secrets.randbelow(11)))])
            return
        try:
            agreed, fields = refresh.grant(request.headers, self._line.timing)
        except Malformed:
            self._line.answer(connection, request, 422, [("min-se", str(self._line.timing.session_least_s))])
            return
        body = self._described(request)
        self.dialog.retarget(request.headers)
        fields = [("contact", self._line.contact), ("allow", ", ".join(ALLOW)), *fields]
        data = self._line.answer(connection, request, 200, fields, body)
        if invites:
            self._served = Served.begin(connection, data, request, self._line.timing, now)
        self.keep_fresh(agreed, now)
        if request.body and self.session.far is not None:
            self._line.told.append(Changed(self._leg, self.session.far, self.session.here))

    def _described(self, request: Request) -> bytes:
        """Return the answer to an offer; our offer where an INVITE holds none; nothing for a bare UPDATE."""
        if request.body:
            return self.session.answer(request.body)
        return self.session.offer() if request.method == "INVITE" else b""

    def _acknowledged(self, request: Request, now: float) -> None:
        served = self._served
        if served is None or not served.is_acknowledged_by(request):
            return
        self._served = None
        if served.offers:
            try:
                far = self.session.take_answer(request.body)
            except Malformed:
                self.hang_up(Cause.FAILED, now)
                return
            self._line.told.append(Changed(self._leg, far, self.session.here))
        self._go_on(now)

    # --- time -------------------------------------------------------------------------------------------------------

    def next_due(self) -> float | None:
        """When something is due."""
        times = list(self.timers.values())
        if self._served is not None:
            times.append(self._served.next_due)
        return min(times, default=None)

    def due(self, now: float) -> None:
        """Do what is due."""
        served = self._served
        if served is not None and served.is_given_up(now):
            self.hang_up(Cause.LOST, now, TIMED_OUT)
        elif served is not None and served.is_said_again(now, self._line.timing):
            self._line.out.append((served.connection, served.data))
        for name in [name for name, at in self.timers.items() if at <= now]:
            self.timers.pop(name, None)
            if name == "expire":
                self.hang_up(Cause.LOST, now)
            elif name == "refresh":
                self._due_again = True
        self._go_on(now)
