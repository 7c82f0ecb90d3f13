"""Figures of a leg, against the formulas of RFC 3550 and ITU-T G.107 worked out by hand."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from voice.media.quality import Arrivals, mos


def arrived(spacing_ms: list[float]) -> Arrivals:
    arrivals, now = Arrivals(), 0.0
    arrivals.begin(0)
    for n, spacing in enumerate(spacing_ms):
        now += spacing / 1000
        arrivals.arrived(n, n * 160, now)
    return arrivals


def test_an_even_stream_has_no_jitter_and_one_late_packet_has_its_sixteenth_twice() -> None:
    assert arrived([20] * 100).jitter_ms == pytest.approx(0)
    # RFC 3550, A.8: J += (|D| - J) / 16, for D = 16 ms when it is late and 16 ms when the next is not.
    assert arrived([20, 36, 4]).jitter_ms == pytest.approx(1 + (16 - 1) / 16)


def test_jitter_settles_at_the_mean_deviation() -> None:
    assert arrived([30, 10] * 300).jitter_ms == pytest.approx(10, rel=0.01)


def test_what_a_bad_network_does_is_what_is_counted() -> None:
    """5 % loss and up to 60 ms of delay, each packet for itself, as in a minute of a call."""
    chance, sent = random.Random(3), 3000
    came = sorted((n * 0.02 + chance.random() * 0.06, n) for n in range(sent) if chance.random() >= 0.05)
    arrivals = Arrivals()
    arrivals.begin(came[0][1])
    for at, n in came:
        arrivals.arrived(n, n * 160, at)
    missing = max(n for _, n in came) + 1 - came[0][1] - len(came)
    assert arrivals.lost == missing and 0.04 * sent < missing < 0.06 * sent
    steps = [abs((at - n * 0.02) - (before - m * 0.02)) for (before, m), (at, n) in pairwise(came)]
    made_ms = 1000 * sum(steps[-200:]) / 200
    assert 10 < made_ms < 30 and arrivals.jitter_ms == pytest.approx(made_ms, rel=0.35)
    assert 2.5 < mos(missing / sent, arrivals.jitter_ms, 0.0) < 4.0


def test_jitter_does_not_jump_when_the_clock_of_timestamps_turns_over() -> None:
    arrivals = Arrivals()
    arrivals.begin(0)
    for n in range(100):
        arrivals.arrived(n, (2**32 - 50 * 160 + n * 160) % 2**32, n * 0.02)
    assert arrivals.jitter_ms == pytest.approx(0, abs=1e-3)


def test_the_share_lost_is_since_it_was_asked_for() -> None:
    arrivals = Arrivals()
    arrivals.begin(0)
    for n in (0, 1, 2, 7):
        arrivals.arrived(n, n * 160, n * 0.02)
    assert (arrivals.expected, arrivals.lost, arrivals.fraction_lost()) == (8, 4, 128)
    arrivals.arrived(8, 1280, 0.2)
    assert arrivals.fraction_lost() == 0


def test_a_stream_that_turned_over_twice_reports_it() -> None:
    arrivals = Arrivals()
    arrivals.begin(0)
    for n in range(2 * 65536 + 5):
        arrivals.arrived(n & 0xFFFF, n * 160, n * 0.02)
    assert arrivals.extended == 2 << 16 | 4
    assert arrivals.lost == 0


@pytest.mark.parametrize(("loss", "jitter", "trip", "expected"), [
    # R = 93.2 - 0.024 * 20 = 92.72: the best that G.711 does
    (0.0, 0.0, 0.0, 4.4),
    # 2 %: Ie-eff = 95 * 2 / (2 + 25.1) = 7.01, R = 85.7
    (0.02, 0.0, 0.0, 4.22),
    # 400 ms one way: Id = 0.024 * 420 + 0.11 * 242.7 = 36.8, R = 56.4
    (0.0, 0.0, 800.0, 2.92),
    # everything at once is as bad as it gets
    (0.9, 400.0, 2000.0, 1.0),
])  # fmt: skip
def test_the_estimate_is_that_of_the_e_model(loss: float, jitter: float, trip: float, expected: float) -> None:
    assert mos(loss, jitter, trip) == pytest.approx(expected, abs=0.02)


def test_more_loss_never_sounds_better() -> None:
    scores = [mos(loss / 100, 5, 60) for loss in range(101)]
    assert scores == sorted(scores, reverse=True) and min(scores) >= 1
