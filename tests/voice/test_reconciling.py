"""The records and the carrier's own list: asked for, or made by hand."""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from tests.voice.carriers.scripted import Scripted
from tests.voice.line import Line
from tests.voice.riverside import join
from tests.voice.test_views import talk
from voice import phones
from voice.carriers import carrier_of
from voice.carriers.lists import Listed
from voice.models import Attempt, CallRecord, LoopbackLeg, Proof, ReturnCall
from voice.reconciling import reconcile

MARCH = ("--carrier", "loopback", "--since", "2026-03-01", "--until", "2026-03-09")


def asked(capsys: pytest.CaptureFixture[str], *wanted: str) -> list[str]:
    """What the command says: the legs that differ, or that all agree."""
    with suppress(CommandError):  # "2 legs differ"; whatever else it says is no line of its output
        call_command("reconcilecdrs", *(wanted or MARCH))
    return capsys.readouterr().out.splitlines()


AGREE = ["the records and the carrier agree"]


def test_the_carrier_itself_is_asked_and_what_is_of_no_record_but_known_is_no_difference(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    talk(line)
    phones.add_phone(join(line.clinic).account, "+16175550120", timezone.now())
    line.pass_s(6)
    busy = line.call(number="+16175550163")
    line.pass_to(busy, "ended")
    going = line.call()
    line.pass_to(going, "connected")
    assert LoopbackLeg.objects.count() == 7 and Proof.objects.get().carrier_id
    assert asked(capsys) == AGREE


def test_each_kind_of_difference_is_found_and_named(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        talk(line)
    legs = {(a.call_id, a.side): a.carrier_id for a in Attempt.objects.all()}
    (longer, gone), (open_there, stranger) = (
        [legs[r, side] for side in ("clinician", "patient")] for r in CallRecord.objects.values_list("call", flat=True))
    there = LoopbackLeg.objects
    there.filter(pk=longer).update(ends_at=F("ends_at") + timedelta(minutes=1))
    there.filter(pk=gone).delete()
    there.filter(pk=open_there).update(state="answered")
    there.filter(pk=stranger).update(id="a-stranger")
    said = asked(capsys)
    here = {leg["carrier_id"]: round((leg["ended_at"] - leg["answered_at"]) / 1000)
            for record in CallRecord.objects.all() for leg in record.legs}  # fmt: skip
    assert said == sorted([
        f"{longer}: length, here {here[longer]}, there {here[longer] + 60}",
        f"{gone}: missing_there, here {here[gone]}, there None",
        f"{stranger}: missing_there, here {here[stranger]}, there None",
        f"a-stranger: missing_here, here None, there {here[stranger]}",
        f"{open_there}: goes_on, here {here[open_there]}, there goes on",
    ])


def test_a_call_on_either_edge_of_the_span_is_no_difference(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    talk(line)
    [clinician, patient] = LoopbackLeg.objects.order_by("dialed_at")
    between = (clinician.dialed_at + (patient.dialed_at - clinician.dialed_at) / 2).isoformat()
    assert asked(capsys, "--carrier", "loopback", "--since", "2026-03-01", "--until", between) == AGREE
    assert asked(capsys, "--carrier", "loopback", "--since", between, "--until", "2026-03-09") == AGREE
    LoopbackLeg.objects.filter(pk=patient.pk).update(id="a-stranger")
    assert len(asked(capsys, "--carrier", "loopback", "--since", "2026-03-01", "--until", between)) == 1
    assert len(asked(capsys, "--carrier", "loopback", "--since", between, "--until", "2026-03-09")) == 1


def test_a_carrier_that_cannot_be_asked_says_so_and_a_list_from_a_file_stays_possible(
    line: Line, scripted: Scripted, settings: LazySettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scripted_march = ("--carrier", "scripted", *MARCH[2:])
    with pytest.raises(CommandError, match="--list"):
        call_command("reconcilecdrs", *scripted_march)
    with pytest.raises(CommandError, match="CURBSIDE_TWILIO_ACCOUNT"):
        call_command("reconcilecdrs", "--carrier", "twilio", *MARCH[2:])
    settings.CURBSIDE_TWILIO_ACCOUNT, settings.CURBSIDE_TWILIO_TOKENS = "AC1", ["token"]
    settings.CURBSIDE_TWILIO_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="could not be asked"):
        call_command("reconcilecdrs", "--carrier", "twilio", *MARCH[2:])
    carrier_of.cache_clear()
    (tmp_path / "list.csv").write_text("sid,duration\nCAstrange,5\n")
    said = asked(capsys, *scripted_march, "--list", str(tmp_path / "list.csv"))
    assert said == ["CAstrange: missing_here, here None, there 5"]


def test_the_records_agree_with_what_the_carrier_says_it_carried(line: Line) -> None:
    talk(line)
    listed = [Listed(a.carrier_id, round((a.ended_at - a.answered_at).total_seconds()))
              for a in Attempt.objects.all() if a.ended_at and a.answered_at]  # fmt: skip
    since, until = timezone.now() - timedelta(hours=1), timezone.now() + timedelta(hours=1)
    assert reconcile("loopback", listed, since, until) == []
    longer = [Listed(listed[0].carrier_id, (listed[0].lasted_s or 0) + 60), Listed("unheard-of", 5)]
    kinds = {(d.carrier_id, d.kind) for d in reconcile("loopback", longer, since, until)}
    assert kinds == {(listed[0].carrier_id, "length"), (listed[1].carrier_id, "missing_there"),
                     ("unheard-of", "missing_here")}  # fmt: skip


HEADINGS = ("sid,parent_call_sid,direction,duration", "Call SID,Parent Call SID,Direction,Duration",
            "Sid\tParentCallSid\tDirection\tDuration")


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_list_with_calls_that_spoke_a_code_and_calls_that_came_in_agrees(
    line: Line, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, heading: str
) -> None:
    talk(line)
    member = join(line.clinic).account
    phones.add_phone(member, "+16175550120", timezone.now())
    line.pass_s(6)
    spoken = Proof.objects.get().carrier_id
    assert spoken
    ReturnCall.objects.create(carrier="loopback", carrier_id="CAcame-in", clinic=line.clinic, caller_id=line.own.pk,
                              mask="…55", came_at=timezone.now())
    legs = [(a.carrier_id, "", "outbound-api", round((a.ended_at - a.answered_at).total_seconds()))
            for a in Attempt.objects.all() if a.ended_at and a.answered_at]
    legs += [(spoken, "", "outbound-api", 20), ("CAcame-in", "", "inbound", 40),
             ("CAthe-desk", "CAcame-in", "outbound-dial", 30)]
    between = "\t" if "\t" in heading else ","
    written = "\n".join([heading, *(between.join(map(str, leg)) for leg in legs), ""])
    wanted = ("reconcilecdrs", *MARCH, "--list", "-")
    monkeypatch.setattr(sys, "stdin", io.StringIO(written))
    call_command(*wanted)
    assert "agree" in capsys.readouterr().out
    strange = between.join(("CAstrange", "", "outbound-api", "5"))
    monkeypatch.setattr(sys, "stdin", io.StringIO(written + strange + "\n"))
    with pytest.raises(CommandError, match="1 legs differ"):
        call_command(*wanted)
    assert "CAstrange: missing_here" in capsys.readouterr().out


def test_a_list_that_differs_fails_the_command_and_says_where(
    line: Line, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    talk(line)
    monkeypatch.setattr(sys, "stdin", io.StringIO("Sid,Duration\nCAxyz,12\n"))
    with pytest.raises(CommandError, match="3 legs differ"):
        call_command("reconcilecdrs", *MARCH, "--list", "-")
    assert "CAxyz: missing_here" in capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.StringIO("Number,Seconds\n"))
    with pytest.raises(CommandError, match="column"):
        call_command("reconcilecdrs", *MARCH, "--list", "-")
