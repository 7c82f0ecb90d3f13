"""The client's copy of the emergency numbers, as the text of a JavaScript module: one list, kept in `voice.numbers`.

`manage.py describe emergency --write` stores it; a test holds it equal.
"""

from collections.abc import Iterable

from voice.numbers import COUNTRY_CODES, EMERGENCY, EXITS, OUTSIDE

HEAD = """/** Made from voice/numbers.py by `manage.py describe emergency --write`. May import nothing. */
"""
WIDTH = 110


def as_module() -> str:
    """Return the module's text."""
    return HEAD + "".join((
        _set("EMERGENCY", "Emergency and crisis numbers that stand alone.", sorted(EMERGENCY)),
        _set("COUNTRY_CODES", "Codes of countries and of what belongs to none.", sorted(COUNTRY_CODES)),
        _list("EXITS", "What stands before a country code.", EXITS),
        _list("OUTSIDE", "A trunk prefix, or what a switchboard wants before an outside line.", OUTSIDE),
    ))


def _set(name: str, says: str, words: Iterable[str]) -> str:
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) > WIDTH:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    inside = "\n".join(f"  {line}" for line in lines)
    return f"\n/** {says} */\nexport const {name} = new Set(\n  `\n{inside}\n  `.trim().split(/\\s+/),\n);\n"


def _list(name: str, says: str, words: Iterable[str]) -> str:
    inside = ", ".join(f'"{word}"' for word in words)
    return f"\n/** {says} */\nexport const {name} = [{inside}];\n"
