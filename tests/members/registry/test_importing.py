"""A registry's file in, whole or in parts, right or spoiled, and what is found in it afterwards."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from members.models import RegistryEntry, RegistryImport
from members.registry import importing
from members.registry.layouts import NPPES, read_layout
from members.registry.matching import compare, look_up
from tests.members.registry.nppes import npi, person, write
from tests.members.registry.test_layouts import SWEDEN

pytestmark = [pytest.mark.django_db, pytest.mark.databases]
TODAY = date(2026, 11, 22)


def take(path: Path, **options: object) -> tuple[str, str]:
    """Import a file by the command; what it said, and what it complained of."""
    out, err = StringIO(), StringIO()
    call_command("import_registry", str(path), stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def stop_at(n: int, monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]) -> None:
    """Press Ctrl-C as the n-th transaction begins."""
    store, begun = importing._store, count(1)

    def stopped(*given: Any) -> None:
        if next(begun) == n:
            raise KeyboardInterrupt
        store(*given)

    with monkeypatch.context() as stopping:
        stopping.setattr(importing, "_store", stopped)
        with pytest.raises(CommandError, match="goes on from here"):
            work()


def numbers() -> set[str]:
    return set(RegistryEntry.objects.values_list("number", flat=True))


def test_people_are_stored_organisations_are_not_and_who_has_ended_does_not_stand(tmp_path: Path) -> None:
    take(write(tmp_path / "file.csv", [
        person(1), person(2, **{"Entity Type Code": "2"}),
        person(3, **{"NPI Deactivation Date": "01/31/2020"}),
        person(4, **{"NPI Deactivation Date": "01/31/2020", "NPI Reactivation Date": "02/01/2020"}),
        {"NPI": npi(5), "NPI Deactivation Date": "01/31/2020"},
    ]))  # fmt: skip
    standing = dict(RegistryEntry.objects.values_list("number", "standing"))
    assert standing == {npi(1): True, npi(3): False, npi(4): True, npi(5): False}
    entry = look_up(NPPES, f" {npi(1)[:5]} {npi(1)[5:]} ")
    assert entry is not None
    assert (entry.family, entry.given, entry.licences) == ("Lindqvist", "Ada", "NY/A0000001")
    assert entry.issued_on == date(2005, 5, 23)


def test_a_spoiled_line_is_named_and_left_out_and_spoils_no_other(tmp_path: Path) -> None:
    path = write(tmp_path / "file.csv", (person(n) for n in range(8)))
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(npi(1).encode(), b"1234567890")
    lines[3] = lines[3].replace(b'"', b"", 1)  # a quote that opens nothing
    lines[4] = lines[4].replace(b'"MD"', b'"MD')
    lines[5] = b"\xff\xfe" + lines[5]
    lines[6] = lines[6].replace(b"05/23/2005", b"2005-05-23")
    lines[7] = b'"' + b"x" * 200_000 + b"\n"
    path.write_bytes(b"".join(lines))
    out, err = take(path)
    assert numbers() == {npi(0), npi(7)}
    assert [line.split(":")[0] for line in err.splitlines()] == [f"line {n}" for n in (3, 4, 5, 6, 7, 8)]
    assert "2 entries stored, 6 lines left out" in out
    assert npi(1) not in err and "Lindqvist" not in err


@pytest.mark.parametrize("content", [
    b"", b"\x89PNG\r\n\x1a\n\0\0", b"a,b,c\n1,2,3\n", b'"NPI"\n"1234567893"\n', b"PK\x03\x04 and no archive",
])  # fmt: skip
def test_what_is_no_registry_is_refused_before_anything_is_written(content: bytes, tmp_path: Path) -> None:
    take(write(tmp_path / "before.csv", [person(1)]))
    (tmp_path / "file.csv").write_bytes(content)
    with pytest.raises(CommandError):
        take(tmp_path / "file.csv", anew=True)
    assert numbers() == {npi(1)}
    assert RegistryImport.objects.count() == 1


def test_an_import_that_was_stopped_goes_on_where_it_stood_and_ends_as_if_it_had_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "TOGETHER", 3)
    take(write(tmp_path / "before.csv", [person(100), person(1, **{"Provider First Name": "Somebody"})]))
    wrong = {"NPI": npi(50)}
    path = write(tmp_path / "file.csv", [*(person(n) for n in range(7)), wrong, *(person(n) for n in range(7, 10))])
    stop_at(3, monkeypatch, lambda: take(path))
    assert numbers() == {npi(n) for n in (0, 1, 2, 3, 4, 5, 100)}, "nothing is removed before the end"
    out, err = take(path)
    assert "going on at line 8" in out
    assert err.splitlines() == ["line 9: the line has no name"]
    assert numbers() == {npi(n) for n in range(10)}
    found = look_up(NPPES, npi(1))
    assert found is not None and found.given == "Ada"
    run = RegistryImport.objects.latest("pk")
    assert (run.stored, run.wrong, run.ended_at is not None) == (10, 1, True)


def test_another_file_is_not_begun_over_a_half_imported_one_unless_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = write(tmp_path / "1.csv", [person(1)]), write(tmp_path / "2.csv", [person(2)])
    stop_at(1, monkeypatch, lambda: take(first))
    with pytest.raises(CommandError, match="half imported"):
        take(second)
    take(second, anew=True)
    assert numbers() == {npi(2)}


def test_a_file_with_far_fewer_entries_removes_none_unless_that_is_asked_for(tmp_path: Path) -> None:
    take(write(tmp_path / "1.csv", (person(n) for n in range(9))))
    small = write(tmp_path / "2.csv", (person(n) for n in range(3)))
    with pytest.raises(CommandError, match="nothing was removed"):
        take(small)
    assert len(numbers()) == 9
    out, _ = take(small, shrink=True)
    assert "6 removed" in out
    assert numbers() == {npi(n) for n in range(3)}


def test_the_monthly_archive_is_read_as_it_is_published_and_goes_on_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "TOGETHER", 2)
    table = write(tmp_path / "npidata_pfile_20261001-20261108.csv", (person(n) for n in range(5)))
    with zipfile.ZipFile(tmp_path / "monthly.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(table, table.name)
        archive.writestr("npidata_pfile_20261001-20261108_fileheader.csv", "NPI\n")
        archive.writestr("othername_pfile_20261001-20261108.csv", "NPI\n")
        archive.writestr("NPPES_Data_Dissemination_Readme.pdf", "%PDF")
    stop_at(2, monkeypatch, lambda: take(tmp_path / "monthly.zip"))
    assert len(numbers()) == 2
    take(tmp_path / "monthly.zip")
    assert numbers() == {npi(n) for n in range(5)}


def test_another_countrys_registry_comes_in_by_its_mapping(tmp_path: Path) -> None:
    (tmp_path / "mapping.toml").write_text(SWEDEN, "utf-8")
    (tmp_path / "file.csv").write_text(
        "\ufeffKod;Efternamn;Förnamn;Specialitet 1;Specialitet 2;Status\n"
        "abc-123;Öberg;Anna-Karin;Kardiologi;;Aktiv\nabc-124;Ek;Bo;;Kardiologi;Återkallad\n", "utf-8")
    take(tmp_path / "file.csv", mapping=tmp_path / "mapping.toml")
    layout = read_layout(SWEDEN)
    first, second = look_up(layout, "ABC 123"), look_up(layout, "abc-124")
    assert first is not None and first.standing and second is not None and not second.standing
    said = compare(layout, first, "Dr. Anna-Karin Oberg", "cardiology", TODAY)
    assert [one.verdict for one in said] == ["same", "same", "same"]
    assert look_up(NPPES, "ABC123") is None


@pytest.mark.parametrize(("said", "verdict"), [
    ("Dana O'Hara, MD", "same"), ("DANA OHARA", "same"), ("D. O’Hara", "near"), ("Dana Former", "near"),
    ("Eve O'Hara", "differs"), ("Dana Smith", "differs"), ("O'Hara", "differs"), ("", "differs"),
])  # fmt: skip
def test_a_name_is_held_against_the_registrys(said: str, verdict: str, tmp_path: Path) -> None:
    take(write(tmp_path / "file.csv", [person(2, **{
        "Provider First Name": "Dana", "Provider Other Last Name": "Former", "NPI Deactivation Date": "12/31/2026"})]))
    entry = look_up(NPPES, npi(2))
    assert entry is not None
    name, specialty, standing = compare(NPPES, entry, said, "cardiology", TODAY)
    assert (name.verdict, name.said) == (verdict, said)
    assert (specialty.found, specialty.verdict) == ("2084N0400X", "differs")
    assert standing.verdict == "differs"


def test_a_licence_is_looked_up_beside_what_a_member_says(tmp_path: Path) -> None:
    take(write(tmp_path / "file.csv", [person(6)]))
    out = StringIO()
    call_command("look_up_licence", npi(6), name="Ada Smith", specialty="cardiology", stdout=out)
    assert [line.split()[:2] for line in out.getvalue().splitlines()] == [
        ["same", "name"], ["same", "specialty"], ["same", "standing"], ["licences", "NY/A0000006"]]  # fmt: skip
    with pytest.raises(CommandError, match="no such number"):
        call_command("look_up_licence", npi(7), stdout=out)
