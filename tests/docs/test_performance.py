"""The page of measures shows the soak of sound as it has to be: long enough, drawn, and flat in all that it samples."""

from __future__ import annotations

import re

from bench.places import DOCUMENT
from bench.soaksound import PICTURE
from tests.faults.growth import CURVES

PAGE = DOCUMENT.read_text("utf-8")


def test_the_soak_of_sound_was_as_long_as_it_has_to_be_and_nothing_grew() -> None:
    found = re.search(r"--only soak-sound --minutes (\d+)`: [\d,]+ calls, 20 at a time.*?, 0 calls missed sound", PAGE)
    assert found
    assert int(found[1]) >= 30
    met = re.findall(r"\| growth of (\w+) over the second half, process 1 \| media worker \|.*\| met \|", PAGE)
    assert set(met) == set(CURVES)
    assert f"({PICTURE.name})" in PAGE and PICTURE.exists()
