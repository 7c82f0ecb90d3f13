"""Call loops that kill their own process at one step each, with SIGKILL; and one that then finishes what is left.

Run as a program by ``tests/faults/test_loop_killed.py`` with the steps as arguments. For each of them a process starts
one call and works until it is reached; at last one works until no call is open, and what became of all is printed as
JSON. They are forks of one process that has imported everything and never asked the database, so that a death costs
no start of Python.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import django

STEPS: Final = (
    "before dial 1", "after dial 1", "stored dial 1", "before dial 2", "after dial 2", "stored dial 2",
    "before bridge", "after bridge", "before hangup", "after hangup",
)  # fmt: skip
"""Each request of the carrier: before it is made, after it was made, and after its answer was stored."""


def numbers(step: str) -> tuple[str, str]:
    """The phone of a step's physician, and its patient's number."""
    n = STEPS.index(step)
    return f"+16175550{180 + n}", f"+16175550{150 + n}"


def doom(step: str, mine: str) -> None:
    """Have the process die at this step of this call, whoever carries it."""
    from django.conf import settings

    from voice import asking, carriers
    from voice.models import Attempt

    base: Any = type(carriers.carrier_of(settings.CURBSIDE_CARRIER))

    def die(reached: str, reference_or_leg: str) -> None:
        found = Attempt.objects.filter(call=mine)
        ours = found.filter(reference=reference_or_leg) | found.filter(carrier_id=reference_or_leg)
        if reached == step and ours.exists():
            os.kill(os.getpid(), signal.SIGKILL)

    class Doomed(base):  # type: ignore[misc]  # the carrier of the settings
        def dial(self, order: Any) -> str:
            n = "1" if order.confirm else "2"
            die(f"before dial {n}", order.reference)
            leg = super().dial(order)
            die(f"after dial {n}", order.reference)
            return str(leg)

        def bridge(self, clinician_id: str, patient_id: str, room: str) -> None:
            die("before bridge", clinician_id)
            super().bridge(clinician_id, patient_id, room)
            die("after bridge", clinician_id)

        def hangup(self, carrier_id: str) -> None:
            die("before hangup", carrier_id)
            super().hangup(carrier_id)
            die("after hangup", carrier_id)

    carrier = Doomed()
    vars(asking)["carrier_of"] = lambda name: carrier
    if step.startswith("stored"):
        perform = asking._dial

        def stored(action: Any) -> None:
            perform(action)
            die(f"stored dial {'1' if action.attempt.side == 'clinician' else '2'}", action.attempt.reference)

        asking._ASKING["dial"] = stored


def prepare(steps: list[str]) -> None:
    """Riverside Clinic, and a physician and a patient for each step."""
    from tests.voice.riverside import Riverside, join, make_grant, make_patient, make_phone, set_up_totp

    world = Riverside()
    for step in steps:
        own, patient = numbers(step)
        place = join(world.clinic)
        set_up_totp(place.account)
        make_phone(place.account, own)
        make_grant(world.held, place)
        make_patient(world.clinic, step, number=patient)


def begin(step: str) -> str:
    """Have the step's physician start a call; returns it."""
    import uuid

    from members.vault import inbox_of
    from realtime.commands import Request
    from realtime.log import digest_of
    from voice.models import ClinicNumber, OwnPhone, Patient
    from voice.sealed import open_in
    from voice.starting import start

    own, _ = numbers(step)
    member = next(str(row.account_id) for row in OwnPhone.objects.all() if open_in(row, "number") == own)
    patient = next(row for row in Patient.objects.all() if open_in(row, "name") == step)
    shown = ClinicNumber.objects.get(mode="held")
    d = {"clinic": str(shown.clinic_id), "caller_id": shown.pk, "patient": patient.pk, "looked": True}
    stream, seat = inbox_of(member)
    req = Request(member, stream, seat, "", str(uuid.uuid4()), "call.start", d, digest_of("call.start", d))
    made = start(req).made
    assert made is not None
    return made


def work(step: str) -> None:
    """Start a call and work until the process dies. A call whose hang-up is the step is ended once it is connected."""
    from django.utils import timezone

    from voice.call import By, Cause
    from voice.loop import Loop
    from voice.models import Call
    from voice.services import end_call

    mine = begin(step)
    doom(step, mine)
    loop, ended = Loop(4), time.monotonic() + 20
    while time.monotonic() < ended:
        loop.step()
        if "hangup" in step and Call.objects.filter(pk=mine, stage="connected").exists():
            end_call(mine, By.CLINIC, Cause.CANCELLED, timezone.now())
        time.sleep(0.02)
    raise SystemExit(f"nobody died at {step}")


def finish() -> None:
    """Work until no call is open and nothing is left to ask or to hear, and say what became of them."""
    from django.utils import timezone

    from voice.loop import Loop
    from voice.models import Action, Attempt, Call, CallRecord, LoopbackLeg

    loop, ended = Loop(4), time.monotonic() + 80
    while time.monotonic() < ended and (
        Call.objects.filter(ended_at=None).exists() or Action.objects.filter(state__in=["waiting", "claimed"]).exists()
        or LoopbackLeg.objects.filter(next_at__lte=timezone.now() + timedelta(seconds=1)).exists()
    ):
        loop.step()
        time.sleep(0.02)
    loop.drain()
    dialled = Counter(LoopbackLeg.objects.values_list("reference", flat=True))
    found = [
        {
            "r": call.pk,
            "stage": call.stage,
            "cause": call.cause,
            "records": CallRecord.objects.filter(call=call.pk).count(),
            "dialled": {f"{a.side}": dialled[a.reference] for a in Attempt.objects.filter(call=call)},
            "references": {f"{a.side}": a.reference for a in Attempt.objects.filter(call=call)},
            "alive": LoopbackLeg.objects.filter(
                reference__in=Attempt.objects.filter(call=call).values("reference")).exclude(state="ended").count(),
        }
        for call in Call.objects.order_by("started_at")
    ]  # fmt: skip
    json.dump(found, sys.stdout)


def forked(task: Callable[[], None]) -> int:
    """Have a process of its own do this, and return how it ended as `os.waitstatus_to_exitcode` says it."""
    child = os.fork()
    if child == 0:
        try:
            task()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(steps: list[str]) -> None:
    """Prepare, die at each step, finish. Raises SystemExit where a process did not end as it should."""
    from voice import loop, starting  # noqa: F401  (imported once for all forks)

    if forked(lambda: prepare(steps)) != 0:
        raise SystemExit("nothing could be prepared")
    for step in steps:
        if forked(lambda step=step: work(step)) != -signal.SIGKILL:  # type: ignore[misc]  # a default that binds it
            raise SystemExit(f"it was not killed at {step}")
    finish()


if __name__ == "__main__":
    django.setup()
    main(sys.argv[1:])
