"""Issues of a summary over the life of a consult, and what is said of a pasted one."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from consults.issuing import Served, access_summary, verify
from consults.models import Consult, Summary
from consults.summaries import digest_of
from realtime.protocol import Refusal
from tests.consults.ward import QUESTION, Ward


def served(r: str) -> Served:
    return access_summary(Consult.objects.get(pk=r))


@pytest.fixture
def ended(ward: Ward) -> tuple[str, int]:
    """A consult that has ended, and the number of what Lind said in it."""
    r = ward.open("okafor", "lind")
    target = ward.say("lind", r, "Give flecainide.")
    ward.say("okafor", r, "How much?")
    ward.do("okafor", "consult.close", {"outcome": "answered", "note": "Started."}, r)
    return r, target


def test_the_summary_is_made_at_the_end_and_names_nobody(ward: Ward, ended: tuple[str, int]) -> None:
    text = served(ended[0]).text
    for words in (QUESTION, "Give flecainide.", "How much?", "Started.", "Cardiologist", "Emergency physician"):
        assert words in text
    pseudonyms = {e["u"] for e in ward.events(ended[0]) if "u" in e}
    assert not [name for name in pseudonyms if name in text]
    assert "lanted" not in text


def test_no_text_of_it_is_stored_but_its_digest_is(ended: tuple[str, int]) -> None:
    issue = Summary.objects.get()
    assert bytes(issue.digest) == digest_of(served(ended[0]).text)


def test_a_pasted_copy_is_genuine_and_stands(ended: tuple[str, int]) -> None:
    verdict = verify(served(ended[0]).text.replace("\n", "  \r\n"))
    assert (verdict.valid, verdict.changes) == (True, ())
    assert verdict.made_at == Consult.objects.get().ended_at


@pytest.mark.parametrize(("kind", "change"), [("edit", "changed"), ("redact", "withdrawn")])
def test_a_copy_says_what_was_changed_since_and_the_new_issue_does_not_repeat_it(
    ward: Ward, ended: tuple[str, int], kind: str, change: str
) -> None:
    r, target = ended
    copy = served(r).text
    ward.wait(hours=1)
    d: dict[str, Any] = {"target": target} | ({"text": "Give bisoprolol."} if kind == "edit" else {})
    ward.do("lind", kind, d, r)
    assert [c.kind for c in verify(copy).changes] == [change]
    now = served(r)
    assert (now.n, now.outdated, [c.kind for c in now.changes]) == (2, True, [change])
    assert "flecainide" not in now.text
    assert verify(now.text).changes == ()


def test_a_change_before_the_end_outdates_nothing(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    target = ward.say("lind", r, "Give flecainide.")
    ward.do("lind", "edit", {"target": target, "text": "Give bisoprolol."}, r)
    ward.do("okafor", "consult.close", {"outcome": "answered"}, r)
    assert not served(r).outdated
    assert "(changed 2026-03-02 09:00 UTC)" in served(r).text


def test_a_reopened_consult_has_no_summary_until_it_ends_again_and_old_copies_say_so(
    ward: Ward, ended: tuple[str, int]
) -> None:
    r, _ = ended
    copy = served(r).text
    ward.do("lind", "consult.reopen", {}, r)
    ward.do("okafor", "consult.reopen", {}, r)
    with pytest.raises(Refusal, match=r"consult\.open"):
        served(r)
    assert [c.kind for c in verify(copy).changes] == ["reopened"]
    ward.say("okafor", r, "And tomorrow?")
    ward.do("okafor", "consult.close", {"outcome": "partly"}, r)
    assert "And tomorrow?" in served(r).text
    assert "in part" in served(r).text


def test_silence_is_summed_up_as_no_reply(ward: Ward) -> None:
    r = ward.open("okafor", "lind", urgency="today")
    ward.wait(hours=25)
    assert "Ended, no reply" in served(r).text
    assert "Nobody wrote anything." in served(r).text


def test_what_nobody_took_has_no_summary(ward: Ward) -> None:
    r = ward.ask("okafor")
    ward.do("okafor", "consult.withdraw", {}, r)
    with pytest.raises(Refusal, match="not_found"):
        served(r)


def test_two_answerers_with_one_badge_can_be_told_apart(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    ward.say("lind", r)
    ward.do("okafor", "consult.invite", {"specialty": "cardiology"}, r)
    ward.accept("berg")
    ward.say("berg", r)
    ward.do("okafor", "consult.close", {"outcome": "answered"}, r)
    badge = next(e["d"]["badge"] for e in ward.events(r) if e["k"] == "consult.joined")
    assert f", {badge}\n" in served(r).text
    assert f", {badge} (2)\n" in served(r).text


def test_a_long_consult_is_read_to_its_end(ward: Ward) -> None:
    r = ward.open("okafor", "lind")
    for number in range(520):
        ward.say("lind", r, f"Word {number}.")
    ward.do("okafor", "consult.close", {"outcome": "answered"}, r)
    assert "Word 519." in served(r).text


def test_the_command_verifies_from_the_standard_input(
    ward: Ward, ended: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    r, target = ended
    text = served(r).text

    def say(pasted: str) -> str:
        out = io.StringIO()
        monkeypatch.setattr("sys.stdin", io.StringIO(pasted))
        call_command("verify_summary", stdout=out)
        return out.getvalue()

    assert "Nothing was changed or withdrawn since." in say(text)
    ward.do("lind", "redact", {"target": target}, r)
    assert "a message was withdrawn by its author" in say(text)
    with pytest.raises(CommandError, match="Not genuine"):
        say(text.replace("flecainide", "digoxin"))
