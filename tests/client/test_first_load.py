"""What a phone loads before its first screen stays small; what only some screens need comes when they are opened."""

import gzip
import re
from pathlib import Path

from client.shell import CLIENT, build_shell, list_files, list_modules
from voice.reasons import SENTENCES
from voice.refusals import REASONS

MOST = 100 * 1024
LINKED = re.compile(r'<link rel="stylesheet" href="/static/client/([^"]+)">')
SAID = re.compile(r'^ {2}"(?P<kind>end|refused)\.(?P<key>[a-z_.]+)": "(?P<text>.*)",$', re.MULTILINE)


def first_load() -> list[Path]:
    """The shell's modules, its style sheets, the icons and the script that sets the theme."""
    html = (CLIENT / "index.html").read_text("utf-8")
    sheets = [CLIENT / name for name in LINKED.findall(html)]
    return [*list_modules(CLIENT / "app.js"), *sheets, CLIENT / "vendor" / "icons.svg", CLIENT / "theme.js"]


def packed(content: bytes) -> int:
    """Bytes on the way, as our own middleware compresses them."""
    return len(gzip.compress(content, 6))


def test_the_first_load_is_at_most_100_kib_compressed() -> None:
    html, _ = build_shell(tuple(path.stat().st_mtime_ns for path in list_files()))
    whole = packed(html) + sum(packed(path.read_bytes()) for path in first_load())
    assert 50 * 1024 < whole <= MOST, f"{whole / 1024:.1f} KiB"


def test_screens_of_calls_and_clinics_are_not_in_the_first_load() -> None:
    names = {path.name for path in first_load()}
    assert "app.js" in names
    assert not {name for name in names if re.match(r"(call|clinic|en\.calls|en\.clinic|sv)", name)}


def said(tag: str) -> dict[str, str]:
    """What the client says, in a language, of each way in which a call ends or is refused."""
    source = (CLIENT / "core" / "strings" / f"{tag}.calls.js").read_text("utf-8")
    return {f"{m['kind']}.{m['key']}": m["text"] for m in SAID.finditer(source)}


def test_every_reason_of_the_service_has_its_sentence_in_both_languages() -> None:
    wanted = {f"end.{key}" for key in SENTENCES} | {f"refused.{code}" for code in REASONS}
    for tag in ("en", "sv"):
        assert set(said(tag)) == wanted, tag


def test_a_refusal_reads_in_english_as_the_service_says_it() -> None:
    ours = {key.removeprefix("refused."): text for key, text in said("en").items() if key.startswith("refused.")}
    assert ours == {code: sentence for code, (sentence, _) in REASONS.items()}
