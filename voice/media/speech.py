"""What is said on a leg, word for word, and the recordings of it. Knows no Django.

The recordings in ``prompts/`` are made from these sentences by ``python -m voice.media.recording``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, Literal

Said = Literal["one_moment", "unavailable", "held", "test_line"]
ENGLISH: Final = "en"
SENTENCES: Final[dict[str, dict[Said, str]]] = {
    "en": {
        "one_moment": "One moment, please.",
        "unavailable": "Nobody could be reached.",
        "held": "The line is held.",
        "test_line": "This is the test line of Curbside. Speak after the tone, and you will hear yourself.",
    },
    "sv": {
        "one_moment": "Ett ögonblick, tack.",
        "unavailable": "Ingen kunde nås.",
        "held": "Samtalet är parkerat.",
        "test_line": "Det här är Curbsides testlinje. Tala efter tonen, så hör du dig själv.",
    },
}
FOLDER: Final = Path(__file__).parent / "prompts"


def recording(what: Said, language: str) -> Path:
    """Return where a recording lies: µ-law at 8000 samples a second, nothing before or after it."""
    return FOLDER / f"{what}.{language}.ulaw"


@cache
def speech(what: Said, language: str) -> bytes:
    """Return a sentence as µ-law, in English where there is none in that language. Read from the disk once."""
    return recording(what, language if language in SENTENCES else ENGLISH).read_bytes()


def load() -> None:
    """Read every recording, so that no call waits for a disk."""
    for language, sentences in SENTENCES.items():
        for what in sentences:
            speech(what, language)
