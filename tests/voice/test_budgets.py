"""Budgets are rows: each limit refuses at its edge, time gives back, and fifty at once get exactly what there is."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from members.clinics import change_clinic
from realtime.protocol import Refusal
from tests.voice.riverside import Riverside, join, make_clinic
from voice.budgets import KEPT, Reserved, forget, peek, release, reserve
from voice.models import ClinicLimits, Reservation
from voice.policy import Destination, check_destination
from voice.sealed import blind_index

NOON = datetime(2026, 3, 3, 17, tzinfo=UTC)  # in Boston


@pytest.fixture
def riverside(db: None) -> Riverside:
    return Riverside()


def to(n: int = 0, clinic: str = "") -> Destination:
    e164 = f"+1617555{n:04}"
    return Destination(e164, "US", "mobile", "", blind_index(clinic, e164), ())


def take(
    riverside: Riverside, call: str, now: datetime = NOON, *, n: int = 0, member: str = "", **how: Any
) -> Reserved:
    return reserve(call, member or riverside.member, riverside.id, to(n), how.get("trunk", "loopback"), now)


def code(riverside: Riverside, call: str, now: datetime = NOON, **how: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        take(riverside, call, now, **how)
    assert refusal.value.retry
    assert refusal.value.d is not None and refusal.value.d["used"] <= refusal.value.d["limit"]
    return refusal.value.code


def limit(riverside: Riverside, **limits: int) -> None:
    ClinicLimits.objects.filter(clinic=riverside.clinic).update(**limits)


def done(riverside: Riverside, call: str, now: datetime = NOON, talked_s: int = 60, **how: Any) -> None:
    take(riverside, call, now, **how)
    release(call, now, talked_s)


def test_one_call_at_a_time_for_each_member_and_the_end_of_one_lets_the_next_begin(riverside: Riverside) -> None:
    assert take(riverside, "a").max_s == 3600
    assert code(riverside, "b") == "call.budget_yours"
    colleague = str(join(riverside.clinic).account_id)
    take(riverside, "c", member=colleague)
    release("a", NOON, 30)
    take(riverside, "b")


def test_a_call_of_yesterday_that_never_ended_still_counts(riverside: Riverside) -> None:
    take(riverside, "a", NOON - timedelta(days=3))
    assert code(riverside, "b") == "call.budget_yours"


@pytest.mark.parametrize(
    ("limits", "within", "refusal"),
    [({"attempts_minute": 2}, timedelta(minutes=1), "call.budget_minute"),
     ({"attempts_hour": 2, "attempts_minute": 9}, timedelta(hours=1), "call.budget_hour"),
     ({"attempts_day": 2}, timedelta(hours=24), "call.budget_day")],
)  # fmt: skip
def test_attempts_are_counted_over_a_minute_an_hour_and_a_day(
    riverside: Riverside, limits: dict[str, int], within: timedelta, refusal: str
) -> None:
    limit(riverside, **limits)
    done(riverside, "a")
    done(riverside, "b")
    assert code(riverside, "c", NOON + within / 2) == refusal
    take(riverside, "c", NOON + within)


def test_different_numbers_in_an_hour_are_counted_and_the_same_one_again_is_none(riverside: Riverside) -> None:
    limit(riverside, destinations_hour=2, attempts_minute=9)
    done(riverside, "a", n=1)
    done(riverside, "b", n=2)
    assert code(riverside, "c", n=3) == "call.budget_destinations"
    done(riverside, "c", n=2)
    done(riverside, "d", NOON + timedelta(hours=1), n=3)


def test_a_number_called_for_two_clinics_is_two_destinations_with_nothing_in_common(riverside: Riverside) -> None:
    limit(riverside, destinations_hour=2, attempts_minute=9)
    elsewhere = make_clinic("Elsewhere")
    join(elsewhere, account=riverside.amara.account, can_free_dial=True)
    for call, clinic in (("a", riverside.id), ("b", str(elsewhere.pk))):
        going = check_destination(riverside.member, clinic, "+16175550199", timezone.now())
        reserve(call, riverside.member, clinic, going, "loopback", NOON)
        release(call, NOON, 60)
    assert Reservation.objects.values("destination").distinct().count() == 2
    assert code(riverside, "c", n=3) == "call.budget_destinations"


def test_what_no_budget_counts_is_forgotten_and_what_goes_on_counts_for_ever(riverside: Riverside) -> None:
    done(riverside, "a")
    take(riverside, "b")
    assert forget(NOON + KEPT) == 0
    assert forget(NOON + KEPT + timedelta(seconds=1)) == 1
    assert code(riverside, "c", NOON + KEPT * 2) == "call.budget_yours"


def test_what_tells_whose_call_back_comes_in_outlives_a_slip(riverside: Riverside, settings: Any) -> None:
    settings.CURBSIDE_SLIP_HOURS = 720
    done(riverside, "a")
    assert forget(NOON + timedelta(hours=720)) == 0
    assert forget(NOON + timedelta(hours=745)) == 1


def test_a_clinic_has_so_many_calls_at_once_whoever_makes_them(riverside: Riverside) -> None:
    limit(riverside, concurrent_calls=2)
    colleagues = [str(join(riverside.clinic).account_id) for _ in range(3)]
    take(riverside, "a", member=colleagues[0])
    take(riverside, "b", member=colleagues[1])
    assert code(riverside, "c", member=colleagues[2]) == "call.budget_clinic"
    elsewhere = make_clinic("Elsewhere")
    reserve("d", colleagues[2], str(elsewhere.pk), to(), "loopback", NOON)


def test_a_trunk_has_so_many_calls_whichever_clinic_makes_them(riverside: Riverside, settings: Any) -> None:
    settings.CURBSIDE_CALL_LIMITS = {**settings.CURBSIDE_CALL_LIMITS, "trunk_calls": 1}
    elsewhere = make_clinic("Elsewhere")
    reserve("a", str(join(elsewhere).account_id), str(elsewhere.pk), to(), "twilio", NOON)
    assert code(riverside, "b", trunk="twilio") == "call.budget_trunk"
    take(riverside, "b", trunk="loopback")


def test_minutes_are_reserved_whole_and_given_back_when_the_call_was_shorter(riverside: Riverside) -> None:
    limit(riverside, minutes_day=100, longest_call_s=3600)
    colleague = str(join(riverside.clinic).account_id)
    assert take(riverside, "a").max_s == 3600
    assert code(riverside, "b", member=colleague) == "call.budget_minutes"
    release("a", NOON, 61)
    assert Reservation.objects.get(pk="a").seconds == 61
    take(riverside, "b", member=colleague)
    release("b", NOON, 40 * 60 - 60)
    assert code(riverside, "c") == "call.budget_minutes"
    assert code(riverside, "c", NOON + timedelta(hours=23)) == "call.budget_minutes"
    take(riverside, "c", NOON + timedelta(hours=24))


def test_another_time_zone_of_the_clinic_gives_nothing_back(riverside: Riverside) -> None:
    limit(riverside, attempts_day=2, attempts_minute=9, minutes_day=100, cents_day=100_000)
    done(riverside, "a", talked_s=30)
    done(riverside, "b", talked_s=41 * 60)
    colleague = str(join(riverside.clinic).account_id)
    for time_zone in ("America/New_York", "Pacific/Auckland", "Etc/GMT-7", "Etc/GMT-8"):
        change_clinic(riverside.rosa, time_zone)
        for now in (NOON + timedelta(hours=1), NOON + timedelta(hours=9)):
            assert code(riverside, "c", now) == "call.budget_day"
            assert code(riverside, "c", now, member=colleague) == "call.budget_minutes"


def test_spend_counts_begun_minutes(riverside: Riverside) -> None:
    limit(riverside, cents_day=15, longest_call_s=60)
    done(riverside, "a", talked_s=61)
    assert Reservation.objects.get(pk="a").cents == 10
    done(riverside, "b", talked_s=0)
    done(riverside, "c", talked_s=1)
    assert code(riverside, "d") == "call.budget_spend"


def test_looking_reserves_nothing_and_refuses_the_same(riverside: Riverside) -> None:
    seen = peek(riverside.member, riverside.id, to(), "loopback", NOON)
    assert not Reservation.objects.exists()
    assert seen == take(riverside, "a")
    with pytest.raises(Refusal, match="call.budget_yours"):
        peek(riverside.member, riverside.id, to(), "loopback", NOON)
    assert {d["rule"] for d in seen.decisions} == {
        "own_calls", "attempts_minute", "attempts_hour", "attempts_day", "destinations_hour", "concurrent_calls",
        "minutes_day", "cents_day", "trunk_calls", "price",
    }  # fmt: skip


def test_a_release_twice_and_of_nothing_changes_nothing(riverside: Riverside) -> None:
    take(riverside, "a")
    release("a", NOON, 30)
    release("a", NOON + timedelta(hours=1), 3000)
    release("nobody's", NOON, 30)
    row = Reservation.objects.get()
    assert (row.seconds, row.released_at) == (30, NOON)


def together(deeds: list[Any]) -> list[str]:
    """Let all happen at once; "ok", or the code of each refusal."""
    start = threading.Barrier(len(deeds))
    results = [""] * len(deeds)

    def run(at: int) -> None:
        try:
            start.wait()
            deeds[at]()
            results[at] = "ok"
        except Refusal as refusal:
            results[at] = refusal.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_fifty_requests_of_one_member_at_once_are_one_call() -> None:
    riverside, now = Riverside(), timezone.now()
    results = together([lambda n=n: _alone(riverside, f"call{n}", riverside.member, now) for n in range(50)])
    assert sorted(results) == ["call.budget_yours"] * 49 + ["ok"]
    assert Reservation.objects.count() == 1


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_fifty_members_at_once_get_exactly_what_the_clinic_has() -> None:
    riverside, now = Riverside(), timezone.now()
    limit(riverside, concurrent_calls=7)
    members = [str(join(riverside.clinic).account_id) for _ in range(50)]
    results = together([lambda n=n, m=m: _alone(riverside, f"call{n}", m, now) for n, m in enumerate(members)])
    assert sorted(results) == ["call.budget_clinic"] * 43 + ["ok"] * 7
    assert Reservation.objects.filter(released_at=None).count() == 7


def _alone(riverside: Riverside, call: str, member: str, now: datetime) -> None:
    from django.db import transaction

    with transaction.atomic():
        reserve(call, member, riverside.id, to(), "loopback", now)
