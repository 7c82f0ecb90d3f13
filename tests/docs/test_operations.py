"""The operator's page: its arithmetic follows from its own formulas, its commands, metrics and settings exist."""

from __future__ import annotations

import re

import pytest
import yaml
from django.core.management import get_commands

from realtime.management.commands.describe import ROOT
from realtime.metrics import expose
from settings.env import KNOWN
from settings.keys import PURPOSES

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
SIZES = (10_000, 100_000, 1_000_000)
KIB, GIB = 1024, 1024**3


def used(letter: str) -> list[float]:
    """The values of a letter in the table of what was measured."""
    [row] = re.findall(rf"^\| \*{letter}\* \|[^|]*\| ([^|]*) \|", PAGE, re.MULTILINE)
    return [float(number.replace(",", "")) for number in re.findall(r"[\d,.]*\d", row)]


def row(words: str) -> list[float]:
    """The three figures of a line of the arithmetic."""
    [found] = re.findall(rf"^\| [^|\n]*{re.escape(words)}[^|]*\|[^|]*\|([^\n]*)\|$", PAGE, re.MULTILINE)
    return [float(re.sub(r"[^\d.]", "", cell)) for cell in found.split("|")]


m, j, d, w, t = (used(letter)[0] for letter in "mjdwt")
W, (a, a_postgresql) = used("W")[0], used("a")
RATE = [size / 10 / 60 for size in SIZES]
PROCESSES = [max(1, size / 20_000) for size in SIZES]


@pytest.mark.parametrize(
    ("words", "worked_out"),
    [
        ("memory of the processes", [size * m * KIB / GIB for size in SIZES]),
        ("messages a second, *r*", RATE),
        ("cores for messages", [rate * w / 1000 for rate in RATE]),
        ("cores for heartbeats", [size / 25 * 2 * d / 1e6 for size in SIZES]),
        ("cores for tickets", [size / 900 * t / 1000 for size in SIZES]),
        ("cores for audits", [size / 3 * a / 1e6 for size in SIZES]),
        ("… PostgreSQL", [size / 3 * a_postgresql / 1e6 for size in SIZES]),
        ("all back at once", [size * j / 1000 for size in SIZES]),
        ("processes, at most", PROCESSES),
        ("share of PostgreSQL's commits", [rate / W * 100 for rate in RATE]),
        ("rings a second", [rate * count for rate, count in zip(RATE, PROCESSES, strict=True)]),
    ],
)
def test_the_arithmetic_follows_from_the_formulas(words: str, worked_out: list[float]) -> None:
    assert row(words) == pytest.approx(worked_out, rel=0.05, abs=0.006)


def test_every_command_and_setting_that_is_named_exists() -> None:
    for command in re.findall(r"manage\.py ([a-z_]+)", PAGE):
        assert command in get_commands(), command
    for name in set(re.findall(r"\bCURBSIDE_[A-Z_]*[A-Z]\b(?!…)", PAGE.replace("CURBSIDE_KEEP_…_DAYS", ""))):
        assert name in KNOWN or name in {"CURBSIDE_DB_PASSWORD", "CURBSIDE_TLS_DIR", "CURBSIDE_ENGINE_ADDRESS"}, name


@pytest.mark.parametrize("heading", ["On one machine", "Calls"])
def test_who_sets_it_up_is_told_to_start_the_call_loop(heading: str) -> None:
    [part] = re.findall(rf"^## {heading}\n(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
    assert "manage.py runcalls" in part


def test_every_key_stands_in_the_table_of_keys() -> None:
    table = PAGE.partition("## Keys")[2].partition("\n- ")[0]
    assert {purpose for purpose in PURPOSES if f"`{purpose}`" not in table} == set()


def test_every_alert_says_where_its_steps_stand() -> None:
    rules = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text("utf-8"))
    headings = {words.lower() for words in re.findall(r"^\*\*([^*]+)\.\*\*", PAGE, re.MULTILINE)}
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        place, _, step = rule["annotations"]["steps"].partition(", ")
        assert place == "docs/operations.md" and step.lower() in headings, rule["alert"]


def test_every_metric_that_is_named_is_exported() -> None:
    made = "".join((ROOT / name).read_text("utf-8") for name in ("realtime/metrics.py", "voice/gauges.py"))
    source = made + expose(None).decode()
    table = PAGE.partition("| metric | tells |")[2].partition("\n\n")[0]
    for name in re.findall(r"`(?:curbside)?_?([a-z_]+?)(?:_total)?(?:\{\w+\})?`", table):
        assert name in source or name in {"password", "process_", "python_gc_"}, name
