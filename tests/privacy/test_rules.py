"""The sure part of the gate, on lines as clinicians write them."""

import re
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.identifiers import FORMS, INSURANCE, SIX_DIGITS, Form
from privacy.plain import Reading
from privacy.rules import MOST_SPANS, check_text, screen
from privacy.spans import to_wire
from realtime.protocol import Refusal
from tests.privacy.corpus import CLEAN, HITS


def marked(line: str) -> tuple[str, int, int]:
    start, end = line.index("‹"), line.index("›") - 1
    return line.replace("‹", "").replace("›", ""), start, end


@pytest.mark.parametrize("case", HITS, ids=lambda case: case[1])
def test_what_names_a_patient_is_found_where_it_stands(case: tuple[str, ...]) -> None:
    text, start, end = marked(case[1])
    assert [(span.category, text[span.start : span.end]) for span in screen(text)] == [(case[0], text[start:end])]
    if len(case) > 2:
        assert screen(text)[0].rewrite == case[2]


@pytest.mark.parametrize("line", CLEAN)
def test_a_clinical_line_without_identifiers_passes(line: str) -> None:
    assert [(span.category, line[span.start : span.end]) for span in screen(line)] == []


@pytest.mark.parametrize("line", [
    "ring ‹+46\u200b70 123\u200b45 67› now", "seen ‹03/\u00ad02/2026›", "‹2026\u2060-02-03›", "‹+4\ufe0f6701234567›",
    "‹ａｎｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ›", "‹ｈｔｔｐｓ：//x.example/a›", "‹+46\t70\t123\t45\t67›",
    "\U0001f469\u200d\u2695\ufe0f ‹+46701234567›"])
def test_what_has_no_width_or_another_width_hides_nothing(line: str) -> None:
    text, start, end = marked(line)
    assert [text[span.start : span.end] for span in screen(text)] == [text[start:end]]


def test_clean_lines_pass_all_together_too() -> None:
    assert screen("\n".join(CLEAN)) == []


def test_a_text_is_refused_with_its_spans_and_without_its_words() -> None:
    with pytest.raises(Refusal) as refused:
        check_text("Call 617-555-0100, born 12/03/1958")
    assert refused.value.code == "gate"
    assert not refused.value.retry
    assert refused.value.d is not None
    spans = refused.value.d["spans"]
    assert [(span["start"], span["end"], span["category"], span["rewrite"]) for span in spans] == [
        (5, 17, "phone", None), (24, 34, "date", "1958")]
    assert all(span["reason"] for span in spans)
    assert "617" not in repr(refused.value.d)
    assert "617" not in str(refused.value)


def test_a_clean_text_is_let_through() -> None:
    check_text("New fast AF, BP 104/60, on apixaban. Rate or rhythm control tonight?")


@pytest.mark.parametrize("text", ["a\0b", "\0", "half \ud83d pair"])
def test_what_a_database_cannot_keep_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_text(text)
    assert refused.value.code == "malformed"


def test_offsets_for_the_client_count_utf_16_units() -> None:
    text = "😷🫀 ring 617-555-0100 🫁 or a@example.com"
    wire = to_wire(text, screen(text))
    units = text.encode("utf-16-le")
    assert [units[2 * span["start"] : 2 * span["end"]].decode("utf-16-le") for span in wire] == [
        "617-555-0100", "a@example.com"]


@pytest.mark.parametrize(("told", "rewrite"), [
    ("2026-11-22", "today"), ("2026-11-21", "yesterday"), ("12 November 2026", "10 days ago"),
    ("13/11/2026", "9 days ago"), ("2026-06-01", "2026"), ("05/06/2026", "2026"), ("2030-01-01", "2030"),
    ("seen 13/11/26", "2026"), ("born 12/03/58", "1958"),
])
def test_a_recent_date_is_rewritten_as_how_long_ago(told: str, rewrite: str) -> None:
    (span,) = screen(told, today=date(2026, 11, 22))
    assert span.rewrite == rewrite


def test_rewriting_every_span_leaves_nothing_to_find() -> None:
    text = "Seen 12 March 2024, 92-year-old, Boston, MA 02115, call 617-555-0100 or a@example.com."
    for span in reversed(screen(text)):
        text = text[: span.start] + (span.rewrite or "") + text[span.end :]
    assert text == "Seen 2024, 90+-year-old, Boston, MA 021, call  or ."
    assert screen(text) == []


HOSTILE = [
    "1", "1 ", "0 ", "01 ", "1-1/", "a.", "a@", "1.1.", "+1 ", "(0", "12/03/", ":a", "may 1 ", "a (at) ", "patient no ",
    "call me on ", "0123 ", "www.", "http://", "a@a.a.", "aA9", "tel ", "(", "patient no. 1234-", "12-", "x.com/", "+1",
    "a.b-c_d%+", "١٢٣", "9 99 99 9 ", "1 of may ", "jan the ", "999-99-", "\u00a0", "zip 1", "aged 9", "born ", "1:",
    "a (at) b (dot) ", "617 555 01", "MRN ", "-", "/", "00", "A1",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_text_of_16_kib_takes_no_longer_than_its_length_allows(unit: str) -> None:
    text = (unit * 16_384)[:16_384]
    began = time.process_time()
    screen(text)
    screen(text + "@")
    assert time.process_time() - began < 1.0


@given(st.text(max_size=400))
def test_spans_lie_in_the_text_in_order_and_do_not_overlap(text: str) -> None:
    spans = screen(text)
    assert len(spans) <= MOST_SPANS
    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert to_wire(text, spans) == to_wire(text, screen(text))


PIECES = st.sampled_from([
    "12", "1958", "/", "-", ".", " ", "+", "(", ")", "617", "555", "0100", "@", "a", "com", "march", "12th", "of",
    "MRN", "tel", "92", "year", "old", ":", "zip", "02115", "😷", "\u00a0", "٣", "\n", "é", "SSN", "219-09-9998"])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_pieces_of_identifiers_in_any_order_break_nothing(text: str) -> None:
    for span in screen(text, today=date(2026, 11, 22)):
        assert 0 <= span.start < span.end <= len(text)
        assert span.reason
        assert span.rewrite is None or len(span.rewrite) < 20


CLEAN_LINES = st.lists(st.sampled_from(CLEAN), max_size=4)


@given(CLEAN_LINES, st.sampled_from(HITS), CLEAN_LINES)
def test_a_hit_is_found_among_clean_lines(before: list[str], case: tuple[str, ...], after: list[str]) -> None:
    line, _, _ = marked(case[1])
    assert case[0] in {span.category for span in screen("\n".join([*before, line, *after]))}


@pytest.mark.parametrize("form", [*FORMS, Form((), INSURANCE, ())], ids=lambda form: form.pattern.pattern[20:40])
@given(data=st.data())
def test_no_form_of_a_number_escapes_the_quick_look_before_them_all(form: Form, data: st.DataObject) -> None:
    inner = re.sub(r"\(\?<?[!=][^)]*\)", "", form.pattern.pattern)
    number = data.draw(st.from_regex(re.compile(inner, re.ASCII), fullmatch=True))
    assert SIX_DIGITS.search(Reading(f"a {number} b").shape)
