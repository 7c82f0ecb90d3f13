"""The documents are what the code says, their examples are frames, their links lead somewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from realtime.frames import HEARD, SENT
from realtime.management.commands.describe import DOCUMENTS, ROOT, fill
from realtime.protocol import Code, Limits
from realtime.session import CREDIT_BYTES

WRITTEN = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("clients/python/*.md")])
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text("utf-8")
EXAMPLE = re.compile(r"^(C→S|S→C) +(\{.*\})$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NEVER = ("HIPAA compliant", "de-identified", "anonymous", "prevents spam", "unlimited international")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_stored_is_what_the_code_makes(name: str) -> None:
    path, make = DOCUMENTS[name]
    present = path.read_text("utf-8")
    assert make(present) == present, f"run `manage.py describe {name} --write`"


def test_every_part_that_the_code_makes_stands_in_the_document() -> None:
    for name in ("protocol", "settings"):
        path, make = DOCUMENTS[name]
        emptied = re.sub(r"(<!-- begin [^>]*-->).*?(<!-- end )", r"\1\n\2", path.read_text("utf-8"), flags=re.DOTALL)
        assert make(emptied) == path.read_text("utf-8")
    with pytest.raises(KeyError):
        fill("<!-- begin nobody, made by x -->\n<!-- end nobody -->", {})


@pytest.mark.parametrize(("direction", "frame"), EXAMPLE.findall(PROTOCOL))
def test_an_example_of_the_protocol_is_a_frame(direction: str, frame: str) -> None:
    content = json.loads(frame)
    shape = (SENT if direction == "C→S" else HEARD)[content["t"]]
    msgspec.convert(content, shape)
    assert set(content) <= set(shape.__struct_fields__)
    if content["t"] == "bye":
        assert (content["code"], content["msg"]) in {(code.number, code.sentence) for code in Code}


def test_the_numbers_in_the_text_of_the_protocol_are_those_of_the_code() -> None:
    limits = Limits()
    said = " ".join(PROTOCOL.split())
    for words in (
        f"silent for {limits.silence_s:.0f} s",
        f"no answer for {limits.answer_s:.0f} s",
        f"each time {CREDIT_BYTES:,} bytes",
    ):
        assert words in said
    assert (limits.unacked_bytes, limits.strikes, limits.strike_s) == (2**20, 3, 60)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_a_link_to_a_file_leads_to_one(path: Path) -> None:
    for target in LINK.findall(path.read_text("utf-8")):
        if not target.startswith(("http://", "https://", "#", "mailto:")):
            assert (path.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_no_document_claims_what_software_cannot_hold(path: Path) -> None:
    text = path.read_text("utf-8").lower()
    for word in NEVER:
        for found in re.finditer(re.escape(word.lower()), text):
            around = text[max(0, found.start() - 80) : found.end() + 40]
            assert re.search(r"\b(not|never|no|nor)\b", around), (word, around)


@pytest.mark.parametrize("path", [*WRITTEN, ROOT / ".env.example", ROOT / "compose.yaml"], ids=lambda path: path.name)
def test_no_document_holds_a_path_of_somebodys_machine_or_a_registry(path: Path) -> None:
    text = path.read_text("utf-8")
    for word in ("/home/", "/work/", "/Users/", "pypi.org", "files.pythonhosted", "registry.npmjs"):
        assert word not in text, word


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_a_test_or_source_that_a_document_names_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    for named in re.findall(r"`((?:tests|realtime|members|consults|privacy|settings|deploy|bench)/[\w/.-]*)`", text):
        assert (ROOT / named).exists(), named
    for named in re.findall(r"`(test_\w+\.py)`", text):
        assert list(ROOT.glob(f"tests/*/{named}")), named


def test_the_example_of_the_readme_is_the_one_that_is_run() -> None:
    ours, run = (re.findall(r"```python\n(.*?)```", (ROOT / path).read_text("utf-8"), re.DOTALL)[0]
                 for path in ("README.md", "clients/python/README.md"))  # fmt: skip
    assert ours == run
