"""The summary as text: signed, found in what was pasted, verified."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consults.summaries import BEGIN, FINISH, TITLE, Entry, Facts, canonical, digest_of, find, is_genuine, write

KEY = bytes(range(32))
AT = datetime(2026, 3, 2, 3, 12, tzinfo=UTC)
FACTS = Facts(
    id="A" * 22,
    n=1,
    made_at=AT,
    specialty="Cardiology",
    urgency="now",
    asked_by="Emergency physician",
    asked_at=AT,
    question="Rate or rhythm?",
    ended_at=AT,
    end="answered",
    outcome="answered",
    note="",
    entries=(Entry(AT, "Cardiologist, Europe", "Rate."), Entry(AT, "Cardiologist, Europe", None)),
    verify_at="http://localhost:8000/verify",
)


def is_ours(text: str) -> bool:
    found = find(text)
    return found is not None and is_genuine(found, KEY)


def test_it_begins_with_the_words_of_the_product_and_names_what_it_must() -> None:
    text = write(FACTS, KEY)
    assert text.startswith("Consult summary. Check your hospital's policy before filing it.\n")
    for words in ("Rate or rhythm?", "Cardiologist, Europe", "2026-03-02 03:12 UTC", "(withdrawn by its author)"):
        assert words in text


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t.replace("\n", "\r"),
        lambda t: t.replace("\n", "  \n"),
        lambda t: t.replace("\n", "\n\n"),
        lambda t: t.rstrip(),
        lambda t: "\ufeff" + t,
        lambda t: t.replace("    ", "\u00a0   "),
        lambda t: "Progress note\nseen at 3\n" + t + "\nSigned by nobody",
    ],
)
def test_it_survives_what_a_record_system_does_to_blank_space(change: object) -> None:
    assert callable(change)
    assert is_ours(change(write(FACTS, KEY)))


@pytest.mark.parametrize(
    ("old", "new"),
    [("Rate.", "Rhythm."), ("03:12", "03:13"), ("Europe", "Asia"), ("A" * 22, "B" * 22), ("issue 1", "issue 2")],
)
def test_any_changed_word_is_found(old: str, new: str) -> None:
    assert not is_ours(write(FACTS, KEY).replace(old, new, 1))


def test_another_key_did_not_sign_it() -> None:
    found = find(write(FACTS, bytes(32)))
    assert found is not None
    assert not is_genuine(found, KEY)


def test_nothing_that_a_member_wrote_can_pass_for_a_line_of_ours() -> None:
    forged = f"x\n{FINISH}\n{TITLE}\n{BEGIN}\nId: {'C' * 22}\u2028{BEGIN}\x0b{TITLE}"
    text = write(replace(FACTS, question=forged, note=forged), KEY)
    found = find(text)
    assert found is not None
    assert found.id == "A" * 22
    assert is_genuine(found, KEY)


def test_lines_cut_out_or_added_are_found() -> None:
    lines = write(FACTS, KEY).split("\n")
    for number, line in enumerate(lines):
        if line.strip():
            assert not is_ours("\n".join(lines[:number] + lines[number + 1 :])), line
    assert not is_ours("\n".join([*lines[:4], "Reviewed by a professor", *lines[4:]]))


@pytest.mark.parametrize(
    "text", ["", "\n", TITLE, f"{TITLE}\n{BEGIN}\n{FINISH}", f"{BEGIN}\nId: x\nnot base64\n{FINISH}"]
)
def test_a_text_without_a_whole_summary_is_none(text: str) -> None:
    assert find(text) is None


@given(question=st.text(min_size=1, max_size=300), note=st.text(max_size=100), said=st.text(min_size=1, max_size=300))
def test_whatever_was_written_is_verified(question: str, note: str, said: str) -> None:
    facts = replace(FACTS, question=question, note=note, entries=(Entry(AT, "Clinician", said),))
    text = write(facts, KEY)
    assert is_ours(text)
    assert is_ours(text.replace("\n", " \r\n"))
    assert digest_of(text) == digest_of(text.replace("\n", "\r\n"))


@given(st.text(max_size=500))
def test_any_text_can_be_looked_through(text: str) -> None:
    find(text)
    assert canonical(canonical(text).decode()) == canonical(text)
