"""The soak of sound in some seconds: calls come, are reloaded and held, and go; and what it holds against them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bench import soaksound
from bench.soaksound import Size, Soaked
from tests.faults.growth import growth
from tests.faults.report import Sample


def soaked(growth_a_second: float = 0.0) -> Soaked:
    """A worker whose memory grows so many bytes a second for ten minutes."""
    samples = [Sample(at, 0, int(50e6 + growth_a_second * at), 20, 30, 10, 5) for at in range(0, 600, 10)]
    return Soaked(600.0, 20, 400, 130, 130, 500_000, 0, 0, samples, growth(samples, 600.0, "media worker"))


@pytest.mark.timeout(60)
def test_calls_come_go_are_reloaded_and_held_and_every_end_hears_the_other(tmp_path: Path) -> None:
    stored = tmp_path / "soak.json"
    found = soaksound.run(Size(2, 3.0, (0.2, 0.3), 0.2), lambda text: None, stored)
    assert found.calls >= 6
    assert found.reloads >= 2
    assert found.holds >= 2
    assert found.packets > 10 * found.calls
    assert found.silent == 0
    assert max(sample.connections for sample in found.samples) == 2
    assert {limit.what.split()[2] for limit in found.limits} == {"memory", "tasks", "descriptors", "threads"}
    assert Soaked.from_json(json.loads(stored.read_text("utf-8"))) == found


def test_a_worker_that_grows_or_a_call_without_sound_is_not_good_and_neither_is_no_call_at_all() -> None:
    assert soaked().good
    assert not soaked(5_000.0).good
    assert not replace(soaked(), silent=1).good
    assert [replace(soaked(), given_up=n).good for n in (8, 9)] == [True, False]
    assert not replace(soaked(), calls=0).good


def test_it_is_shown_in_its_own_place_of_the_page_and_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page, picture = tmp_path / "performance.md", tmp_path / "soak.svg"
    page.write_text("before\n<!-- soak-sound: begin -->\n<!-- soak-sound: end -->\nafter\n")
    monkeypatch.setattr(soaksound, "DOCUMENT", page)
    monkeypatch.setattr(soaksound, "PICTURE", picture)
    assert soaksound.show(Soaked.from_json(json.loads(json.dumps(asdict(soaked(5_000.0))))), doc=True) == 1
    written = page.read_text()
    assert "--only soak-sound --minutes 10`: 400 calls, 20 at a time" in written
    assert "memory over the second half, process 1 | media worker | ≤ 1 MiB | 1.43 MiB | not met |" in written
    assert written.startswith("before\n")
    assert written.endswith("after\n")
    assert picture.read_text().startswith("<svg")
    assert "not met" in capsys.readouterr().out
