"""A consult past its time: the question, the messages, the note, previews and reports go; that it was stays."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from pytest_django import Settings

from consults import issuing, listing
from consults.models import Consult, Report
from members import vault
from members.models import Account, Interruption, Token
from members.tokens import create_token
from realtime import holds, retention
from realtime.models import Purge, Seat
from realtime.protocol import Refusal
from tests.consults.ward import QUESTION, Ward

pytestmark = pytest.mark.databases
WORDS = (QUESTION, "Is the patient stable?", "Settled on rate control", "They were rude")


@pytest.fixture(autouse=True)
def times(settings: Settings) -> None:
    """Consults are kept for thirty days, previews for three."""
    settings.CURBSIDE_KEEP_DAYS = {"consult": 30, "case": 0, "call": 0, "inbox": 3}


def purge() -> Purge:
    return retention.purge(lambda run: None)


def closed(ward: Ward) -> str:
    """A consult with all the text that one can have, read by both, and final."""
    r = ward.open("okafor", "lind")
    ward.say("lind", r)
    ward.do("okafor", "consult.report", {"r": r, "reason": "They were rude"})
    ward.do("okafor", "consult.close", {"outcome": "answered", "note": "Settled on rate control"}, r)
    ward.wait(days=2)
    Seat.objects.filter(stream=r).update(read_seq=99)
    return r


def everything(ward: Ward, r: str) -> str:
    """All that participants are served of it, and the reports."""
    shown: list[Any] = [ward.events(r), *(ward.inbox(who) for who in ward.accounts), list(Report.objects.values())]
    for who in ("okafor", "lind"):
        seat = vault.access_stream(ward.accounts[who], r)
        shown += [listing.list_consults(ward.member(who), None, None), listing.describe(r, seat)]
    return orjson.dumps(shown, default=str).decode()


def test_after_its_time_its_words_are_nowhere_and_all_else_is(ward: Ward) -> None:
    r = closed(ward)
    assert all(words in everything(ward, r) for words in WORDS)
    kinds = ward.kinds(r)
    ward.wait(days=31)
    done = purge()
    assert (done.streams, done.events, done.kept_unread) == (1, 3, 0) and done.previews >= 2
    assert not [words for words in WORDS if words in everything(ward, r)]
    assert ward.kinds(r) == kinds
    asked, ended = ward.events(r)[0]["d"], next(e["d"] for e in ward.events(r) if e["k"] == "consult.ended")
    assert (asked["question"], asked["specialty"], asked["erased"]) == ("", "cardiology", True)
    assert (ended["outcome"], ended["erased"]) == ("answered", True)
    assert Report.objects.count() == 1


def test_a_summary_is_no_longer_written_but_one_that_was_filed_is_still_ours(ward: Ward) -> None:
    r = closed(ward)
    filed = issuing.access_summary(Consult.objects.get(pk=r)).text
    ward.wait(days=31)
    purge()
    with pytest.raises(Refusal) as refused:
        issuing.access_summary(Consult.objects.get(pk=r))
    assert refused.value.code == "consult.erased"
    assert issuing.verify(filed).valid


def test_a_note_that_somebody_has_not_read_keeps_it_until_their_account_is_gone(ward: Ward) -> None:
    r = closed(ward)
    last = len(ward.events(r))
    Seat.objects.filter(pk=vault.access_stream(ward.accounts["lind"], r).id).update(read_seq=last - 1)
    ward.wait(days=31)
    assert purge().kept_unread == 1 and QUESTION in everything(ward, r)
    Account.objects.get(pk=ward.member("lind")).delete()
    done = purge()
    assert (done.kept_unread, done.streams) == (0, 1)


def test_previews_go_after_a_few_days_and_once(ward: Ward) -> None:
    r = closed(ward)
    ward.wait(days=2)
    done = purge()
    assert done.previews >= 2 and done.streams == 0
    assert purge().previews == 0
    assert QUESTION not in str(ward.inbox("berg")) and QUESTION in str(ward.events(r))


def test_a_hold_on_everything_keeps_previews_too(ward: Ward) -> None:
    closed(ward)
    ward.wait(days=31)
    holds.place(None, by="Counsel", why="Inquiry")
    done = purge()
    assert (done.previews, done.streams, done.kept_held) == (0, 0, 1)
    assert QUESTION in str(ward.inbox("berg"))


def test_tokens_and_offers_that_nobody_counts_go(ward: Ward) -> None:
    create_token(ward.accounts["okafor"], "old", days=1)
    kept = create_token(ward.accounts["okafor"], "new", days=90)[0]
    ward.ask("okafor")
    assert Interruption.objects.exists()
    ward.wait(days=3)
    purge()
    assert [token.pk for token in Token.objects.all()] == [kept.pk]
    assert not Interruption.objects.exists()
