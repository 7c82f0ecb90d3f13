"""Make the recordings of ``prompts/`` anew: ``python -m voice.media.recording``, on a machine with espeak-ng.

espeak-ng is under the GPL, version 3 or later; what it says is not a work based on it, so that the recordings are under
this project's licence like everything else here.
"""

from __future__ import annotations

import io
import math
import subprocess
import wave
from array import array
from collections.abc import Sequence
from typing import Final

from voice.media.g711 import encoded
from voice.media.shapes import RATE
from voice.media.speech import SENTENCES, recording

PEAK: Final = 0.7
SILENT: Final = 0.01
TAPS: Final = 24
CUT: Final = 3400 / RATE
"""Telephone speech ends at 3400 Hz (ITU-T G.712)."""


def spoken(text: str, language: str) -> tuple[Sequence[int], int]:
    """Have espeak-ng say a sentence; return its samples and how many make a second."""
    command = ["espeak-ng", "-v", language, "-s", "160", "--stdout", text]
    said = subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - a sentence of ours
    with wave.open(io.BytesIO(said)) as sound:
        # It writes to a pipe and so cannot know its length beforehand: read what there is.
        return array("h", sound.readframes(len(said))), sound.getframerate()


def narrowed(samples: Sequence[int], rate: int) -> list[float]:
    """Return samples at 8000 a second, without what a telephone does not carry."""
    step, reach = rate / RATE, math.ceil(TAPS * rate / RATE)
    narrow = []
    for n in range(int(len(samples) / step)):
        at = n * step
        total = 0.0
        for k in range(max(0, math.ceil(at) - reach), min(len(samples), math.ceil(at) + reach)):
            off = (k - at) / step  # in samples of the telephone
            window = 0.5 + 0.5 * math.cos(math.pi * off / TAPS) if abs(off) < TAPS else 0.0
            turn = math.tau * CUT * off
            total += samples[k] * window * 2 * CUT / step * (math.sin(turn) / turn if turn else 1.0)
        narrow.append(total)
    return narrow


def trimmed(samples: Sequence[float]) -> list[float]:
    """Return samples with one loudness and without silence at either end."""
    peak = max(abs(sample) for sample in samples)
    level = [sample / peak * PEAK for sample in samples]
    loud = [at for at, sample in enumerate(level) if abs(sample) > SILENT]
    return level[loud[0] : loud[-1] + 1]


if __name__ == "__main__":
    for language, sentences in SENTENCES.items():
        for what, text in sentences.items():
            recording(what, language).write_bytes(encoded(trimmed(narrowed(*spoken(text, language)))))
