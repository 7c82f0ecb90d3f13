"""What every carrier must do. A carrier's tests take `CarrierContract` and give it a `Bench`.

Source of the promises: ``voice/carriers/base.py``; ``docs/adding-a-carrier.md`` says them in prose.
"""

from __future__ import annotations

import time
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

import pytest

from voice.call import Cause
from voice.carriers.base import TIMEOUT_S, Carrier, CarrierError, CarrierEvent, DialOrder, Forged, WebhookRequest
from voice.carriers.lists import Listed, Listing

Far = Literal["answers", "busy", "no_answer", "unreachable", "refused", "rings"]
RISING = ["dialing", "ringing", "answered", "confirmed", "ended"]
REFERENCES = {"clinician": "a-clinician-leg", "patient": "a-patient-leg"}


def lately(least_s: float = -3.0, most_s: float = 30.0) -> tuple[datetime, datetime]:
    """Between so many seconds ago and so many, the fewer first."""
    now = datetime.now(UTC)
    return now - timedelta(seconds=most_s), now - timedelta(seconds=least_s)


class Bench(Protocol):
    """A carrier on a bench: who is at the far end of a number, and what the carrier has said so far."""

    carrier: Carrier

    def number(self, far: Far) -> str:
        """A number (E.164) whose far end does this; who answers also presses 1 where that is asked for."""
        ...

    def shown(self) -> str:
        """A number (E.164) that this carrier shows."""
        ...

    def events(self, reference: str) -> list[CarrierEvent]:
        """What was said of a leg, in the order in which it was said."""
        ...

    def wait_for(self, reference: str, kind: str) -> CarrierEvent:
        """Let time pass until something of this kind was said. Fails where it is not."""
        ...

    def settle(self, seconds: float) -> None:
        """Let so much of the carrier's time pass."""
        ...

    def hear_each_other(self, one: str, other: str) -> bool:
        """Whether two legs, by the carrier's ids, hear each other."""
        ...


class CarrierContract:
    """The tests. A subclass has a fixture `bench`."""

    def order(
        self, bench: Bench, side: str, far: Far = "answers", timeout_s: int = 30, reference: str = ""
    ) -> DialOrder:
        """A leg of a side to a far end."""
        return DialOrder(
            reference=reference or REFERENCES[side], to=bench.number(far), shown=bench.shown(), timeout_s=timeout_s,
            confirm=side == "clinician", room="a-room", max_s=600, language="en",
        )  # fmt: skip

    def test_a_leg_is_told_of_under_its_reference_and_one_id_and_rises(self, bench: Bench) -> None:
        carrier_id = bench.carrier.dial(self.order(bench, "patient"))
        bench.wait_for(REFERENCES["patient"], "answered")
        bench.carrier.hangup(carrier_id)
        bench.wait_for(REFERENCES["patient"], "ended")
        events = bench.events(REFERENCES["patient"])
        assert {event.carrier_id for event in events} == {carrier_id}
        kinds = list(dict.fromkeys(event.kind for event in events))
        assert set(kinds) >= {"ringing", "answered", "ended"} and set(kinds) <= set(RISING)
        assert all(event.at.tzinfo is not None for event in events)

    def test_what_is_said_once_has_a_key_of_its_own(self, bench: Bench) -> None:
        for side, reference in REFERENCES.items():
            bench.carrier.dial(self.order(bench, side))
            bench.wait_for(reference, "answered")
        events = [event for reference in REFERENCES.values() for event in bench.events(reference)]
        said = {(event.key, event.kind, event.reference) for event in events}
        assert len(said) == len({key for key, _, _ in said})
        assert all(0 < len(event.key) <= 120 for event in events)

    def test_only_an_end_has_a_cause_and_every_end_has_one(self, bench: Bench) -> None:
        bench.carrier.dial(self.order(bench, "patient", "busy"))
        bench.wait_for(REFERENCES["patient"], "ended")
        for event in bench.events(REFERENCES["patient"]):
            assert (event.cause is not None) == (event.kind == "ended")

    def test_a_key_is_asked_for_where_the_order_says_so_and_nowhere_else(self, bench: Bench) -> None:
        for side in REFERENCES:
            bench.carrier.dial(self.order(bench, side))
        assert bench.wait_for(REFERENCES["clinician"], "key").digits == "1"
        bench.wait_for(REFERENCES["patient"], "answered")
        bench.settle(5)
        assert [event for event in bench.events(REFERENCES["patient"]) if event.kind == "key"] == []

    @pytest.mark.parametrize(
        ("far", "cause"),
        [("busy", Cause.BUSY), ("no_answer", Cause.NO_ANSWER), ("unreachable", Cause.UNREACHABLE)],
    )
    def test_why_nobody_was_reached_is_said_in_our_words(self, bench: Bench, far: Far, cause: Cause) -> None:
        bench.carrier.dial(self.order(bench, "patient", far, timeout_s=6))
        assert bench.wait_for(REFERENCES["patient"], "ended").cause is cause

    def test_a_phone_rings_no_longer_than_the_order_says(self, bench: Bench) -> None:
        bench.carrier.dial(self.order(bench, "patient", "rings", timeout_s=6))
        assert bench.wait_for(REFERENCES["patient"], "ended").cause is Cause.NO_ANSWER

    @pytest.mark.parametrize("until", ["ringing", "answered"])
    def test_a_leg_is_hung_up_and_doing_so_again_is_no_error(self, bench: Bench, until: str) -> None:
        carrier_id = bench.carrier.dial(self.order(bench, "patient", "rings" if until == "ringing" else "answers"))
        bench.wait_for(REFERENCES["patient"], until)
        bench.carrier.hangup(carrier_id)
        bench.carrier.hangup(carrier_id)
        bench.wait_for(REFERENCES["patient"], "ended")
        bench.carrier.hangup(carrier_id)

    def test_two_legs_hear_each_other_once_they_are_bridged(self, bench: Bench) -> None:
        clinician = bench.carrier.dial(self.order(bench, "clinician"))
        bench.wait_for(REFERENCES["clinician"], "key")
        patient = bench.carrier.dial(self.order(bench, "patient"))
        bench.wait_for(REFERENCES["patient"], "answered")
        bench.carrier.bridge(clinician, patient, "a-room")
        bench.carrier.bridge(clinician, patient, "a-room")
        bench.settle(1)
        assert bench.hear_each_other(clinician, patient)
        assert not [event for event in bench.events(REFERENCES["patient"]) if event.kind == "ended"]

    def test_who_is_told_that_nobody_was_reached_is_hung_up_and_one_moment_hangs_nobody_up(self, bench: Bench) -> None:
        clinician = bench.carrier.dial(self.order(bench, "clinician"))
        bench.wait_for(REFERENCES["clinician"], "key")
        bench.carrier.prompt(clinician, "one_moment", "en")
        bench.settle(2)
        assert not [event for event in bench.events(REFERENCES["clinician"]) if event.kind == "ended"]
        bench.carrier.prompt(clinician, "unavailable", "en")
        bench.wait_for(REFERENCES["clinician"], "ended")

    def test_a_leg_is_found_by_its_id_and_by_its_order(self, bench: Bench) -> None:
        order = self.order(bench, "patient", "rings")
        carrier_id = bench.carrier.dial(order)
        bench.wait_for(order.reference, "ringing")
        for found in (
            bench.carrier.fetch(order.reference, carrier_id),
            bench.carrier.fetch(order.reference, None, order=order, asked=lately()),
        ):
            [event] = found
            assert (event.reference, event.carrier_id, event.kind) == (order.reference, carrier_id, "ringing")
        bench.carrier.hangup(carrier_id)
        bench.wait_for(order.reference, "ended")
        [event] = bench.carrier.fetch(order.reference, carrier_id)
        assert event.kind == "ended" and event.cause is not None

    def test_of_a_leg_that_was_never_dialled_nothing_is_known(self, bench: Bench) -> None:
        order = self.order(bench, "patient", reference="never-dialled")
        assert bench.carrier.fetch("never-dialled", None, order=order, asked=lately()) == []

    def test_the_next_call_to_the_same_phone_is_not_taken_for_one_that_was_lost_before(self, bench: Bench) -> None:
        lost = self.order(bench, "patient", "rings", reference="lost-before-it-was-asked")
        bench.carrier.dial(replace(lost, reference="the-next-call"))
        bench.wait_for("the-next-call", "ringing")
        assert bench.carrier.fetch(lost.reference, None, order=lost, asked=lately(8, 30)) == []

    def test_without_a_time_in_which_it_was_asked_no_leg_is_guessed(self, bench: Bench) -> None:
        order = self.order(bench, "patient", "rings", reference="never-dialled")
        bench.carrier.dial(replace(order, reference="of-somebody"))
        bench.wait_for("of-somebody", "ringing")
        assert bench.carrier.fetch("never-dialled", None, order=order) == []

    def test_what_a_carrier_refuses_is_refused_for_good_and_names_no_number(self, bench: Bench) -> None:
        order = self.order(bench, "patient", "refused")
        with pytest.raises(CarrierError) as raised:
            bench.carrier.dial(order)
        error = raised.value
        assert error.permanent and error.cause is not Cause.UNCERTAIN
        told = "".join(traceback.format_exception(error)) + repr(order) + repr(error.args)
        assert order.to[2:] not in told and order.shown[2:] not in told
        assert error.__cause__ is None and error.__context__ is None
        assert bench.events(order.reference) == []

    def test_a_webhook_that_nobody_signed_is_forged(self, bench: Bench) -> None:
        with pytest.raises(Forged):
            bench.carrier.verify(WebhookRequest(f"/voice/{bench.carrier.name}/status/a-patient-leg", "", {}, {}))

    def test_no_method_takes_longer_than_it_may(self, bench: Bench) -> None:
        began = time.monotonic()
        carrier_id = bench.carrier.dial(self.order(bench, "patient"))
        bench.carrier.fetch(REFERENCES["patient"], carrier_id)
        bench.carrier.hangup(carrier_id)
        assert time.monotonic() - began < TIMEOUT_S


class ListingContract(CarrierContract):
    """And of a carrier that keeps a list which can be asked for (`Listing`)."""

    def listed(self, bench: Bench, least_s: float = -60.0, most_s: float = 3600.0) -> list[Listed]:
        """What its list has of the legs that were begun between so many seconds ago and so many."""
        assert isinstance(bench.carrier, Listing)
        return list(bench.carrier.listed(*lately(least_s, most_s)))

    def test_its_list_has_each_leg_once_with_how_long_it_lasted_from_its_answer(self, bench: Bench) -> None:
        fars: tuple[Far, ...] = ("answers", "busy", "rings")
        ids = {far: bench.carrier.dial(self.order(bench, "patient", far, reference=f"leg-{far}")) for far in fars}
        bench.wait_for("leg-busy", "ended")
        bench.wait_for("leg-answers", "answered")
        bench.settle(20)
        bench.carrier.hangup(ids["answers"])
        bench.wait_for("leg-answers", "ended")
        listed = self.listed(bench)
        legs = {leg.carrier_id: leg for leg in listed}
        assert len(listed) == len(legs) == 3 and legs.keys() == set(ids.values())
        talked = legs[ids["answers"]].lasted_s
        assert talked is not None and 19 <= talked <= 120, "a carrier's seconds on a busy bench are rough"
        assert legs[ids["busy"]].lasted_s == 0
        assert all(leg.began_at is not None and leg.began_at.tzinfo is not None for leg in listed)

    def test_its_list_says_of_a_leg_that_goes_on_no_length(self, bench: Bench) -> None:
        order = self.order(bench, "patient", "rings", timeout_s=600)
        carrier_id = bench.carrier.dial(order)
        bench.wait_for(order.reference, "ringing")
        assert [(leg.carrier_id, leg.lasted_s) for leg in self.listed(bench)] == [(carrier_id, None)]

    def test_its_list_has_the_legs_of_the_span_alone(self, bench: Bench) -> None:
        order = self.order(bench, "patient", "rings", timeout_s=600)
        bench.carrier.dial(order)
        bench.wait_for(order.reference, "ringing")
        assert len(self.listed(bench)) == 1
        assert self.listed(bench, 60, 3600) == [] and self.listed(bench, -3600, -60) == []
