"""What a phone loads before its first screen stays small; what only some screens need comes when they are opened."""

import gzip
import inspect
import re
from pathlib import Path

import pytest

from client.shell import CLIENT, build_shell, list_files, list_modules
from members import errors
from members.taxonomy import REGIONS, SPECIALTIES
from realtime.management.commands.describe import ROOT
from realtime.protocol import REFUSALS, Refusal
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


APPS = ("members", "consults", "voice", "privacy", "realtime")
SOURCES = [path for app in APPS for path in (ROOT / app).rglob("*.py")]


def catalogue(tag: str) -> set[str]:
    """Every key that the client knows in a language."""
    files = (CLIENT / "core" / "strings").glob(f"{tag}.*.js")
    return {key for path in files for key in re.findall(r'^ {2}"([^"]+)":', path.read_text("utf-8"), re.MULTILINE)}


def own_codes() -> set[str]:
    """The codes of the classes of `members/errors.py`."""
    made: list[Refusal] = []
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, Refusal) and kind is not Refusal:
            needed = [name for name in inspect.signature(kind).parameters if name != "self"]
            made.append(kind(*("x" for _ in needed)))
    return {refusal.code for refusal in made}


@pytest.mark.parametrize("tag", ["en", "sv"])
def test_every_code_with_which_the_service_refuses_something_is_known_to_the_screens(tag: str) -> None:
    source = "\n".join(path.read_text("utf-8") for path in SOURCES)
    written = set(re.findall(r'raise Refusal\(\s*"([a-z_.]+)"', source))
    assert {"consult.nobody", "offer.taken", "csrf", "gate"} <= written
    codes = own_codes() | set(REASONS) | set(REFUSALS) | written
    known = catalogue(tag)
    assert {code for code in codes if not {f"refused.{code}", f"error.{code}"} & known} == set()
    fields = set(re.findall(r'Invalid\("([a-z_0-9]+)"', source)) | {"role", "specialty", "subspecialty", "region"}
    assert len(fields) > 15
    assert {field for field in fields if f"error.invalid.{field}" not in known} == set()


@pytest.mark.parametrize("tag", ["en", "sv"])
def test_specialties_and_regions_have_names_in_the_language_of_the_screens(tag: str) -> None:
    wanted = {f"specialty.{code}" for code in SPECIALTIES}
    wanted |= {f"region.{region.lower().replace(' ', '_')}" for region in REGIONS}
    assert wanted <= catalogue(tag)
