"""Who stands at the far ends of the fake Twilio, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Form = Mapping[str, str]


@dataclass(slots=True)
class Phone:
    """One telephone. Times are seconds of Twilio; the fake's `pace` makes them shorter.

    `then`: answer, busy, decline, silent (rings until the caller gives up), unreachable, invalid (refused when asked).
    `keys` are pressed one a prompt; "" presses none. A `voicemail` answers, speaks and presses nothing. Over a stream
    somebody hums a tone of `hz`; 0: silence.
    """

    rings_s: float = 2.0
    then: str = "answer"
    keys: list[str] = field(default_factory=lambda: ["1"])
    presses_after_s: float = 1.0
    stays_s: float | None = None
    voicemail: bool = False
    types_code: bool = True
    hz: float = 0.0
    heard: list[str] = field(default_factory=list)
    saw: list[str] = field(default_factory=list)

    def next_key(self) -> str:
        """The key that is pressed at this prompt, "" for none; the last one again and again."""
        if self.voicemail or not self.keys:
            return ""
        return self.keys.pop(0) if len(self.keys) > 1 else self.keys[0]


@dataclass(slots=True)
class Faults:
    """What is broken now; a test changes it while calls run.

    `rest`: "" works, "down" closes the connection, "slow" answers after `slow_s`, "nonsense" answers 200 with what is
    not JSON, "error" answers 500, "busy" answers 429, "forgets" takes a call, answers and never rings, "cut" takes a
    call and closes the connection before the answer, "dribbles" answers a byte at a time, "says" answers `said` (a
    status and a body) and does nothing. `rest_left` counts the requests that it still happens to, None
    for all. `lose`, `double` and `late` choose callbacks by their form; `reorder` sends a call's callbacks backwards,
    after its end. `clock_s` is by how much its clock is ahead of ours.
    """

    rest: str = ""
    rest_left: int | None = None
    slow_s: float = 1.0
    said: tuple[int, bytes] = (200, b"{}")
    lose: Callable[[Form], bool] = lambda form: False
    double: Callable[[Form], bool] = lambda form: False
    late: Callable[[Form], bool] = lambda form: False
    late_s: float = 0.3
    reorder: bool = False
    clock_s: float = 0.0

    def take_rest(self) -> str:
        """What happens to the request that comes now."""
        if self.rest_left is None:
            return self.rest
        if self.rest_left <= 0:
            return ""
        self.rest_left -= 1
        return self.rest


def every(form: Form) -> bool:
    """All callbacks."""
    return True


def of_status(*statuses: str) -> Callable[[Form], bool]:
    """The status callbacks that say one of these."""
    return lambda form: form.get("CallStatus") in statuses and "SequenceNumber" in form
