"""How a patient is found by the beginning of a name: words without case, accents and signs. Pure."""

import unicodedata
from typing import Final

SHORTEST: Final = 2
LONGEST: Final = 8
"""Letters of an indexed beginning. Longer ones are compared after opening, so that an index tells less."""
MOST_WORDS: Final = 6


def words_of(name: str) -> list[str]:
    """Return the words of a name as they are compared, at most six, each once.

    Source: the Unicode Standard, D147 (compatibility caseless matching: folded and decomposed, twice).
    """
    folded = name
    for _ in range(2):
        folded = unicodedata.normalize("NFKD", folded.casefold())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    cleaned = "".join(c if c.isalnum() else " " for c in plain)
    return list(dict.fromkeys(cleaned.split()))[:MOST_WORDS]


def beginnings_of(name: str) -> list[str]:
    """Return every beginning under which a name is found."""
    found = [word[:n] for word in words_of(name) for n in range(SHORTEST, min(len(word), LONGEST) + 1)]
    return list(dict.fromkeys(found))


def sought(query: str) -> list[str]:
    """Return the beginnings that a patient must have, one for each word of the query that is long enough."""
    return [word[:LONGEST] for word in words_of(query) if len(word) >= SHORTEST]


def matches(name: str, query: str) -> bool:
    """Return whether every word of the query begins a word of the name."""
    words = words_of(name)
    return all(any(word.startswith(wanted) for word in words) for wanted in words_of(query))
