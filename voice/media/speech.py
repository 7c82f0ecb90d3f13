"""What is said on a leg, word for word, and the recordings of it. Knows no Django.

The recordings in ``prompts/`` are made from these sentences by ``python -m voice.media.recording``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

Said = Literal["press_one", "one_moment", "unavailable", "held", "test_line", "code_clinic", "code_phone"]
Digit = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
DIGITS: Final[tuple[Digit, ...]] = get_args(Digit)
ENGLISH: Final = "en"
SENTENCES: Final[dict[str, dict[Said | Digit, str]]] = {
    "en": {
        "press_one": "This is Curbside with the call that you asked for. Press 1 to be connected.",
        "one_moment": "One moment, please.",
        "unavailable": "Nobody could be reached.",
        "held": "The line is held.",
        "test_line": "This is the test line of Curbside. Speak after the tone, and you will hear yourself.",
        "code_clinic": "This is Curbside with a code for a clinic. Somebody there asked to show this number to "
                       "patients. If that is right, give them the code. If not, hang up. The code is:",
        "code_phone": "This is Curbside with a code that proves your own phone. Nobody will ever ask you for it. "
                      "The code is:",
        "0": "Zero.", "1": "One.", "2": "Two.", "3": "Three.", "4": "Four.",
        "5": "Five.", "6": "Six.", "7": "Seven.", "8": "Eight.", "9": "Nine.",
    },
    "sv": {
        "press_one": "Det här är Curbside med samtalet som du bad om. Tryck 1 för att kopplas.",
        "one_moment": "Ett ögonblick, tack.",
        "unavailable": "Ingen kunde nås.",
        "held": "Samtalet är parkerat.",
        "test_line": "Det här är Curbsides testlinje. Tala efter tonen, så hör du dig själv.",
        "code_clinic": "Det här är Curbside med en kod till en klinik. Någon där har bett om att få visa det här "
                       "numret för patienter. Om det stämmer, ge dem koden. Om inte, lägg på. Koden är:",
        "code_phone": "Det här är Curbside med en kod som bevisar din egen telefon. Ingen kommer någonsin att fråga "
                      "dig efter den. Koden är:",
        "0": "Noll.", "1": "Ett.", "2": "Två.", "3": "Tre.", "4": "Fyra.",
        "5": "Fem.", "6": "Sex.", "7": "Sju.", "8": "Åtta.", "9": "Nio.",
    },
}  # fmt: skip
FOLDER: Final = Path(__file__).parent / "prompts"


def recording(what: Said | Digit, language: str) -> Path:
    """Return where a recording lies: µ-law at 8000 samples a second, nothing before or after it."""
    return FOLDER / f"{what}.{language}.ulaw"


@cache
def speech(what: Said | Digit, language: str) -> bytes:
    """Return a sentence as µ-law, in English where there is none in that language. Read from the disk once."""
    return recording(what, language if language in SENTENCES else ENGLISH).read_bytes()


def load() -> None:
    """Read every recording, so that no call waits for a disk."""
    for language, sentences in SENTENCES.items():
        for what in sentences:
            speech(what, language)
