"""Quiet hours and days on a member's own clock."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.quiet import day_began, is_quiet, zone

NIGHT = (time(22), time(7))


@pytest.mark.parametrize(("hour", "quiet"), [(21, False), (22, True), (23, True), (0, True), (6, True), (7, False)])
def test_quiet_hours_hold_over_midnight(hour: int, quiet: bool) -> None:
    assert is_quiet(datetime(2026, 3, 1, hour, tzinfo=UTC), "UTC", *NIGHT) is quiet


@pytest.mark.parametrize(("hour", "quiet"), [(8, False), (9, True), (16, True), (17, False)])
def test_quiet_hours_may_lie_in_the_day(hour: int, quiet: bool) -> None:
    assert is_quiet(datetime(2026, 3, 1, hour, tzinfo=UTC), "UTC", time(9), time(17)) is quiet


def test_quiet_hours_follow_the_members_own_zone() -> None:
    evening_in_boston = datetime(2026, 1, 15, 3, 30, tzinfo=UTC)
    assert is_quiet(evening_in_boston, "America/New_York", *NIGHT)
    assert not is_quiet(evening_in_boston, "Asia/Tokyo", *NIGHT)


def test_quiet_hours_follow_summer_time() -> None:
    winter, summer = datetime(2026, 1, 15, 6, 30, tzinfo=UTC), datetime(2026, 7, 15, 6, 30, tzinfo=UTC)
    assert is_quiet(winter, "Europe/London", *NIGHT)
    assert not is_quiet(summer, "Europe/London", *NIGHT)


def test_equal_times_are_quiet_all_day_and_none_never() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert is_quiet(noon, "UTC", time(0), time(0))
    assert not is_quiet(noon, "UTC", None, None)


def test_a_zone_that_does_not_exist_is_none_and_counts_as_utc() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert zone("Nowhere/Land") is None
    assert zone("../../etc/passwd") is None
    assert is_quiet(noon, "Nowhere/Land", time(11), time(13))


def test_a_day_begins_at_the_members_midnight_also_when_clocks_change() -> None:
    after_the_change = datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert day_began(after_the_change, "Europe/Stockholm") == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert day_began(after_the_change, "Asia/Tokyo") == datetime(2026, 3, 28, 15, tzinfo=UTC)


def test_a_day_with_two_midnights_begins_once() -> None:
    first = datetime(2026, 11, 1, 4, tzinfo=UTC)  # in Havana; an hour later it is midnight again
    for minutes in (0, 59, 60, 90, 119, 120, 600):
        assert day_began(first + timedelta(minutes=minutes), "America/Havana").astimezone(UTC) == first


@given(st.datetimes(timezones=st.just(UTC)), st.times(), st.times(), st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_quiet_hours_and_their_complement_share_the_day(now: datetime, begins: time, ends: time, name: str) -> None:
    if begins != ends:
        assert is_quiet(now, name, begins, ends) is not is_quiet(now, name, ends, begins)
