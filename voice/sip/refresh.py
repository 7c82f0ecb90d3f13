"""Session timers: who keeps a call fresh, when that is due, and when silence ends it. Sans-IO.

Source: RFC 4028. A far end that vanished without a BYE is noticed by them, and by the media, whichever is first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from voice.sip.events import Timing
from voice.sip.line import Field
from voice.sip.message import Headers, Malformed, Response
from voice.sip.values import parse_span, tokens

SPAN_MOST: Final = 86_400
Role = Literal["uac", "uas"]


@dataclass(frozen=True, slots=True)
class Refresh:
    """What was agreed: the span in seconds, and whether it is we who refresh."""

    span_s: int
    ours: bool

    @property
    def refresh_s(self) -> float:
        """After how long we refresh: half of the span. Source: RFC 4028, section 7.2."""
        return self.span_s / 2

    @property
    def end_s(self) -> float:
        """After how long without a refresh the call is ended. Source: RFC 4028, section 10."""
        return self.span_s - min(32.0, self.span_s / 3)


class Fresh:
    """What one side asks for: a span of its own, longer where it was told so, and what was `agreed` on before."""

    def __init__(self, timing: Timing) -> None:
        self._span_s, self._least_s = timing.session_s, timing.session_least_s
        self.agreed: Refresh | None = None

    def ask(self) -> list[Field]:
        """Return what our INVITE says: the span, and who refreshes where that was agreed before."""
        role = "" if self.agreed is None else f";refresher={'uac' if self.agreed.ours else 'uas'}"
        return [("supported", "timer"), ("session-expires", f"{self._span_s}{role}"), ("min-se", str(self._least_s))]

    def learn(self, refusal: Response) -> bool:
        """Ask for the span that a 422 wants at least. Returns False where it wants none that is longer than ours."""
        least = least_of(refusal.headers) if refusal.status == 422 else None
        if least is None or least <= self._span_s:
            return False
        self._span_s = self._least_s = least
        return True


def agreed_by(answer: Headers, timing: Timing) -> Refresh | None:
    """Return what a 2xx to our INVITE agrees to; None: the far end knows no session timers."""
    said = parse_span(answer.get("session-expires"))
    if said is None:
        return None
    span_s, parameters = said
    return Refresh(max(min(span_s, SPAN_MOST), timing.session_least_s), parameters.get("refresher", "uac") != "uas")


def grant(request: Headers, timing: Timing) -> tuple[Refresh | None, list[Field]]:
    """Return what we agree to when the far end asks, and what our 2xx says of it.

    Raises Malformed (422) where the span is too short. The one who asks refreshes, unless it says otherwise.
    """
    said = parse_span(request.get("session-expires"))
    if said is None:
        return None, [("supported", "timer")]
    span_s, parameters = said
    if span_s < timing.session_least_s:
        raise Malformed("the session interval is too small", 422)
    role: Role = "uas" if parameters.get("refresher") == "uas" else "uac"
    fields: list[Field] = [("supported", "timer"), ("session-expires", f"{span_s};refresher={role}")]
    if role == "uac" and "timer" in tokens(request, "supported"):
        fields.append(("require", "timer"))
    return Refresh(min(span_s, SPAN_MOST), role == "uas"), fields


def least_of(refusal: Headers) -> int | None:
    """Return the span that a 422 asks for at least; None where it asks for none that we take."""
    said = parse_span(refusal.get("min-se"))
    return said[0] if said is not None and 0 < said[0] <= SPAN_MOST else None
