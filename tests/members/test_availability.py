"""Who is asked: rings, languages, quiet hours, the daily budget, and how availability ends."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from members import availability, push, vault
from members.errors import Invalid, NotClinician
from members.models import Account, Availability, Device
from realtime.log import read_events
from realtime.models import Timer
from realtime.timers import work_off
from tests.members.people import make_member

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def available(*specialties: str, now: datetime = NOW, **fields: object) -> str:
    account = make_member(**fields)
    availability.set_availability(account, True, list(specialties) or [account.specialty], now)
    return str(account.pk)


def found(ring: int, *, specialty: str = "cardiology", language: str = "en", exclude: set[str] | None = None,
          now: datetime = NOW) -> list[str]:
    return availability.find_available(
        specialty=specialty, language=language, ring=ring, exclude=exclude or set(), now=now)


def told(member: str) -> list[dict[str, object]]:
    inbox, _ = vault.inbox_of(member)
    return [event["d"] for event in read_events(inbox) if event["k"] == "availability.changed"]


def test_each_ring_adds_its_own_members_and_no_others() -> None:
    own = available()
    sub = available(subspecialty="electrophysiology")
    related = available(specialty="general_medicine")
    opted_in = available("dermatology", "cardiology", specialty="dermatology")
    available(specialty="urology")
    make_member()
    assert set(found(0)) == {own, sub}
    assert found(1) == [related]
    assert found(2) == [opted_in]


def test_a_cardiologist_who_does_not_take_cardiology_now_is_not_in_the_first_ring() -> None:
    available("general_medicine", specialty="cardiology")
    assert found(0) == []


def test_only_those_who_read_the_language_are_asked() -> None:
    swede = available(languages=["sv", "en"])
    available(languages=["en"])
    assert found(0, language="sv") == [swede]
    assert len(found(0, language="")) == 2


def test_the_excluded_the_unverified_the_suspended_and_the_expired_are_not_asked() -> None:
    excluded, suspended, unverified = available(), available(), available()
    Account.objects.filter(pk=suspended).update(is_active=False)
    Account.objects.filter(pk=unverified).update(verified_at=None)
    available(now=NOW - availability.LONGEST)
    assert found(0, exclude={excluded}) == []


def test_nobody_is_asked_in_quiet_hours() -> None:
    available(quiet_from=time(22), quiet_to=time(7), time_zone="Europe/Stockholm")
    assert len(found(0, now=NOW)) == 1
    night = NOW.replace(hour=21, minute=30)
    Availability.objects.update(until=night + timedelta(hours=1))
    assert found(0, now=night) == []


def test_a_budget_is_used_up_and_is_new_after_the_members_midnight() -> None:
    member = available(daily_budget=2, time_zone="Asia/Tokyo")
    availability.count_offer(member, NOW)
    assert found(0) == [member]
    availability.count_offer(member, NOW)
    assert found(0) == []
    assert availability.offers_today(Account.objects.get(pk=member), NOW) == 2

    midnight_in_tokyo = datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert found(0, now=midnight_in_tokyo - timedelta(seconds=1)) == []
    assert found(0, now=midnight_in_tokyo) == [member]


def test_a_budget_of_nothing_asks_never() -> None:
    available(daily_budget=0)
    assert found(0) == []


def test_who_was_asked_least_today_comes_first() -> None:
    busy, idle = available(), available()
    availability.count_offer(busy, NOW)
    assert found(0) == [idle, busy]


def test_finding_takes_a_fixed_number_of_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(20):
        available()
    with django_assert_num_queries(2):
        assert len(found(0)) == 20


def test_availability_ends_after_eight_hours_with_notice() -> None:
    now = timezone.now()
    member = available(now=now - availability.LONGEST)
    assert work_off(availability.TIMERS) == 1
    row = Availability.objects.get(account_id=member)
    assert (row.on, row.reason) == (False, "time")
    assert told(member)[-1] == {"on": False, "until": None, "reason": "time"}
    assert not Timer.objects.exists()


def test_a_timer_that_comes_after_a_renewal_ends_nothing() -> None:
    now = timezone.now()
    member = available(now=now)
    inbox, _ = vault.inbox_of(member)
    availability.TIMERS[availability.TIMER](inbox, now + timedelta(hours=7))
    assert Availability.objects.get(account_id=member).on
    assert Timer.objects.get().due_at == now + availability.LONGEST


def test_a_timer_names_no_member() -> None:
    member = available()
    assert member not in Timer.objects.get().subject


def test_availability_ends_after_three_missed_offers_with_notice() -> None:
    member = available()
    for _ in range(2):
        availability.count_missed(member, NOW)
    assert found(0) == [member]
    availability.count_missed(member, NOW)
    assert found(0) == []
    assert told(member)[-1] == {"on": False, "until": None, "reason": "missed"}


def test_an_answer_begins_the_count_of_missed_offers_anew() -> None:
    member = available()
    availability.count_missed(member, NOW)
    availability.count_missed(member, NOW)
    availability.clear_missed(member)
    availability.count_missed(member, NOW)
    assert found(0) == [member]


def test_switching_on_and_off_is_told_once_each() -> None:
    member = available()
    assert availability.end_availability(member, "ended")
    assert not availability.end_availability(member, "ended")
    assert [event["on"] for event in told(member)] == [True, False]
    assert not Timer.objects.exists()


def test_switching_on_again_replaces_the_specialties() -> None:
    account = make_member()
    availability.set_availability(account, True, ["cardiology", "nephrology"], NOW)
    row = availability.set_availability(account, True, ["cardiology"], NOW)
    assert availability.specialties_of(row) == ["cardiology"]


@pytest.mark.parametrize("specialties", [[], ["no_such"], ["cardiology", "cardiology"], ["cardiology"] * 9])
def test_specialties_that_cannot_be_are_refused(specialties: list[str]) -> None:
    with pytest.raises(Invalid):
        availability.set_availability(make_member(), True, specialties, NOW)


@pytest.mark.parametrize("fields", [{"verified_at": None}, {"role": "administrator"}, {"is_active": False}])
def test_only_a_verified_clinician_can_be_available(fields: dict[str, object]) -> None:
    with pytest.raises(NotClinician):
        availability.set_availability(make_member(**fields), True, ["cardiology"], NOW)


def test_who_was_switched_off_is_woken(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[list[str]] = []
    monkeypatch.setattr(push, "wake", woken.append)
    member = available()
    with django_capture_on_commit_callbacks(execute=True):
        availability.end_availability(member, "missed")
    assert woken == [[member]]
    assert not Device.objects.exists()
