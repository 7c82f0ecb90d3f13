"""What an engine's figures say of a leg, as real engines gave them."""

from __future__ import annotations

from voice.media.engine_calls import INNER, OUTER, stats_of
from voice.media.ng import LegStats
from voice.media.quality import mos
from voice.media.shapes import Heard, Stats


def test_of_a_browser_with_opus_an_engine_counts_what_it_missed_itself() -> None:
    said = {OUTER: LegStats("telephone-event", 848, 94, 0.0, 4.4), INNER: LegStats("PCMA", 837, 3, 42.0, 3.9)}
    worst = mos(94 / 942, 7.0, 0.0)
    assert stats_of(said, "opus") == Stats(
        "opus", Heard(848, 94, 7.0), Heard(837, 0, 0.0), None, worst, unreported=True)  # fmt: skip


def test_of_a_trunk_it_says_what_that_reported_and_the_call_beside_what_it_missed() -> None:
    said = {OUTER: LegStats("PCMA", 836, 5, 10.0, 4.0), INNER: LegStats("PCMA", 808, 5, 2.0, 4.0)}
    worst = mos(5 / 813, 10.0, 0.0)
    assert stats_of(said, "PCMA", 3) == Stats("PCMA", Heard(836, 3, 2.0), Heard(808, 5, 10.0), None, worst)


def test_what_nobody_reported_is_none_and_where_no_sound_was_there_are_no_figures() -> None:
    silent = {OUTER: LegStats("", 0, None, None, None), INNER: LegStats("", 0, None, None, None)}
    assert stats_of(silent, "opus") == stats_of({}, "opus") == Stats()
    begun = {OUTER: LegStats("PCMU", 40, None, None, None)}
    assert stats_of(begun, "") == Stats("PCMU", Heard(40), Heard(), None, mos(0.0, 0.0, 0.0))
