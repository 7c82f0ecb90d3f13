"""Badges: no class under k, none at all under k members, and nobody singled out by what a badge leaves out."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from members import badges, taxonomy, vault
from members.lattice import Traits, assign, words, years_band
from members.models import Account
from realtime.log import create_stream
from tests.members.people import make_member

TRAITS = st.builds(
    Traits, role=st.sampled_from(["physician", "nurse"]),
    specialty=st.sampled_from(["", "cardiology", "nephrology"]),
    subspecialty=st.sampled_from(["", "electrophysiology"]), region=st.sampled_from(["", "Europe", "Asia"]),
    years=st.sampled_from(["under 5 years", "25 years or more"]))


@given(st.dictionaries(TRAITS, st.integers(1, 9), max_size=20), st.integers(1, 12))
def test_every_badge_is_shared_by_at_least_k_members(counts: dict[Traits, int], k: int) -> None:
    shared: Counter[str] = Counter()
    for traits, badge in assign(counts, k).items():
        shared[badge] += counts[traits]
    if sum(counts.values()) < k:
        assert set(shared) <= {""}
    else:
        assert "" not in shared
        assert all(n >= k for n in shared.values())


@given(st.dictionaries(TRAITS, st.integers(1, 9), min_size=1, max_size=20), st.integers(1, 12))
def test_a_badge_tells_only_what_is_true(counts: dict[Traits, int], k: int) -> None:
    for traits, badge in assign(counts, k).items():
        assert badge in {"", *(words(traits, depth) for depth in range(6))}


def population(**groups: int) -> dict[Traits, int]:
    traits = {
        "europe": Traits("physician", "cardiology", "", "Europe", "5 to 14 years"),
        "asia": Traits("physician", "cardiology", "", "Asia", "5 to 14 years"),
        "ep": Traits("physician", "cardiology", "electrophysiology", "Europe", "5 to 14 years"),
        "nurse": Traits("nurse", "cardiology", "", "Europe", "5 to 14 years"),
    }
    return {traits[name]: n for name, n in groups.items()}


@pytest.mark.parametrize(("groups", "expected"), [
    ({"europe": 10}, [""]),
    ({"europe": 11}, ["Cardiologist, Europe, 5 to 14 years"]),
    ({"europe": 30, "asia": 11}, ["Cardiologist, Europe, 5 to 14 years", "Cardiologist, Asia, 5 to 14 years"]),
    ({"europe": 30, "asia": 1}, ["Cardiologist", "Cardiologist"]),
    ({"europe": 30, "ep": 11}, ["Cardiologist, Europe, 5 to 14 years",
                                "Electrophysiologist, Europe, 5 to 14 years"]),
    ({"europe": 30, "ep": 3}, ["Cardiologist, Europe", "Cardiologist, Europe"]),
    ({"europe": 11, "nurse": 11}, ["Cardiologist, Europe, 5 to 14 years", "Cardiology nurse, Europe, 5 to 14 years"]),
    ({"europe": 11, "nurse": 2}, ["Clinician", "Clinician"]),
])
def test_a_badge_is_as_specific_as_k_members_allow(groups: dict[str, int], expected: list[str]) -> None:
    counts = population(**groups)
    badges_of = assign(counts, 11)
    assert [badges_of[traits] for traits in counts] == expected


def test_years_are_told_in_bands() -> None:
    assert [years_band(n) for n in (0, 4, 5, 14, 15, 24, 25, 60)] == [
        "under 5 years", "under 5 years", "5 to 14 years", "5 to 14 years", "15 to 24 years", "15 to 24 years",
        "25 years or more", "25 years or more"]


def test_every_specialty_has_neighbours_and_subspecialties_that_exist() -> None:
    for specialty in taxonomy.SPECIALTIES.values():
        assert specialty.related
        assert specialty.code not in specialty.related
        assert set(specialty.related) <= set(taxonomy.SPECIALTIES)
        assert set(specialty.subspecialties) <= set(taxonomy.SUBSPECIALTIES)


@pytest.mark.django_db
def test_a_badge_counts_verified_clinicians_who_are_not_suspended(settings: Settings) -> None:
    settings.CURBSIDE_BADGE_K = 3
    member, _ = make_member(), make_member()
    make_member(verified_at=None)
    make_member(is_active=False)
    make_member(role="administrator")
    assert badges.badge_for(member) == ""
    make_member()
    badges.forget_classes()
    assert badges.badge_for(member) == "Cardiologist, Europe, 5 to 14 years"
    assert badges.badge_for(Account(role="administrator")) == ""


@pytest.mark.django_db
def test_a_badge_is_frozen_when_the_seat_is_taken(settings: Settings) -> None:
    settings.CURBSIDE_BADGE_K = 2
    member, stream = make_member(), create_stream("consult")
    assert vault.take_seat(str(member.pk), stream, joined_seq=0).badge == ""
    make_member()
    badges.forget_classes()
    assert vault.access_stream(member, stream).badge == ""
    assert vault.take_seat(str(member.pk), create_stream("consult"), joined_seq=0).badge != ""


@pytest.mark.django_db
def test_counting_takes_one_query_and_is_kept_for_a_minute(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    member = make_member()
    with django_assert_num_queries(1):
        assert badges.badge_for(member) == badges.badge_for(member) != ""
