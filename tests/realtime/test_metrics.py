"""What Prometheus is told, by whom it may be asked, and that nothing of a person or a thread is in it."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from realtime.management.commands.describe import ROOT
from realtime.metrics import expose, may_read
from realtime.protocol import Code
from realtime.tally import REFUSED_LOGINS, SIZES, Tally
from tests.conftest import QUICK, Deploy
from tests.peers.curbside import PLANTED
from tests.sockets.checking import Ledger

TOKEN = "a-token-of-tests-that-is-long-enough"
WORD = re.compile(r"\b(?:curbside|process|python)_[a-z_]+\b")
FIXED = {"code", "reason", "le", "build", "protocol", "database", "generation"}


def read(text: str) -> dict[str, Any]:
    """Families by the name of their samples."""
    return {sample.name: family for family in text_string_to_metric_families(text) for sample in family.samples}


def value(text: str, name: str, **labels: str) -> float:
    """One sample."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return float(sample.value)
    raise AssertionError(f"{name} {labels} is not there")


def get(url: str, token: str = "", **headers: str) -> tuple[int, str]:
    """GET /metrics as a scraper does."""
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{url}/metrics", headers=headers), timeout=5) as response:
            return int(response.status), response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_tally_counts_a_value_below_the_first_bound_that_it_does_not_pass() -> None:
    tally = Tally(SIZES)
    for number in (1, 2, 3, 256, 257):
        tally.observe(number)
    counts = dict(tally.buckets())
    assert (counts["1"], counts["2"], counts["4"], counts["128"], counts["256"], counts["+Inf"]) == (1, 2, 3, 3, 4, 5)
    assert (tally.number, tally.total) == (5, 519.0)
    assert (tally.take_most(), tally.take_most()) == (257, 0.0)


def scope(client: str = "127.0.0.1", **headers: str) -> dict[str, Any]:
    """A request as a server hands it on."""
    said = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"client": (client, 4711), "headers": said}


@pytest.mark.parametrize(
    ("token", "behind_proxy", "asked", "allowed"),
    [
        ("", False, scope(), True),
        ("", False, scope("::1"), True),
        ("", False, scope("10.0.0.9"), False),
        ("", False, {"client": None, "headers": []}, False),
        ("", True, scope(), False),
        ("", False, scope(x_forwarded_for="203.0.113.5"), False),
        ("", False, scope(forwarded="for=203.0.113.5"), False),
        (TOKEN, True, scope("10.0.0.9", authorization=f"Bearer {TOKEN}"), True),
        (TOKEN, False, scope(authorization=f"Bearer {TOKEN}x"), False),
        (TOKEN, False, scope(), False),
    ],
)
def test_metrics_are_read_by_token_or_from_this_machine_alone(
    settings: Settings, token: str, behind_proxy: bool, asked: dict[str, Any], allowed: bool
) -> None:
    settings.CURBSIDE_METRICS_TOKEN, settings.CURBSIDE_BEHIND_PROXY = token, behind_proxy
    assert may_read(asked) is allowed


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_what_happened_on_the_sockets_is_counted_and_nobody_is_named(deploy: Deploy, database: str) -> None:
    made = deploy(database, **QUICK, METRICS_TOKEN=TOKEN)
    first = made.start("uvicorn")
    second = made.start("uvicorn") if database == "postgres" else first
    circle = made.take_circle()
    async with Ledger(made) as ledger:
        asker = await ledger.join(circle.asker, circle.stream, url=first.url)
        answerer = await ledger.join(circle.answerer, circle.stream, url=second.url)
        for n in range(3):
            said = await asker.say(circle.stream, f"{PLANTED} {n}")
        await answerer.until_seq(circle.stream, said.seq)
        status, text = get(first.url, TOKEN)
        other = get(second.url, TOKEN)[1]
    assert status == 200
    assert value(text, "curbside_messages_stored_total") == 3
    assert value(text, "curbside_writer_batch_size_sum") == 3
    assert value(text, "curbside_writer_batch_size_bucket", le="1") == value(text, "curbside_writer_batches_total")
    both = 2 if first is second else 1
    assert value(text, "curbside_deliveries_total") == 3 * both
    assert value(text, "curbside_sockets") == value(text, "curbside_members") == both
    assert value(text, "curbside_ready") == 1
    if first is not second:
        assert 1 <= value(other, "curbside_ring_lag_seconds_count") <= 3
        assert value(other, "curbside_ring_lag_seconds_sum") < 3
    people = (circle.asker, circle.answerer)
    for word in [circle.stream, PLANTED, *(w for p in people for w in (p.id, p.name, p.email, p.token, p.inbox))]:
        assert word not in text
    labels = {label for family in text_string_to_metric_families(text) for s in family.samples for label in s.labels}
    assert labels <= FIXED


async def test_without_the_token_metrics_do_not_exist(deploy: Deploy) -> None:
    made = deploy("sqlite", **QUICK, METRICS_TOKEN=TOKEN)
    server = made.start("daphne")
    assert get(server.url) == (404, "")
    assert get(server.url, "wrong") == (404, "")
    assert get(server.url, TOKEN)[0] == 200


async def test_refused_sign_ins_are_counted_by_a_fixed_word(deploy: Deploy) -> None:
    made = deploy("sqlite", **QUICK)
    server = made.start("uvicorn")
    body = json.dumps({"email": "nobody@hospital.example", "password": "not the password"}).encode()
    login = f"{server.url}/_allauth/app/v1/auth/login"
    asked = urllib.request.Request(login, body, {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(asked, timeout=10)
    wrong = urllib.request.Request(f"{server.url}/api/v1/me", headers={"Authorization": "Bearer cbs_wrong"})
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(wrong, timeout=10)
    text = get(server.url)[1]
    refused = {reason: value(text, "curbside_refused_logins_total", reason=reason) for reason in REFUSED_LOGINS}
    assert refused == {"password": 1, "factor": 0, "limited": 0, "token": 1, "ticket": 0}
    assert "hospital" not in text


# --- who asks for what is exported ---------------------------------------------------------------------------------

DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "curbside.json").read_text("utf-8"))
RULES = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def url(deploy_for_module: Deploy) -> str:
    """Where one process is."""
    return deploy_for_module("sqlite", **QUICK).start("uvicorn").url


@pytest.fixture(scope="module")
def exported(url: str) -> str:
    """All that one process exports."""
    return get(url)[1]


@pytest.fixture(scope="module")
def ready(url: str) -> Any:
    """What it says when it is asked whether it may be sent traffic."""
    with urllib.request.urlopen(f"{url}/readyz", timeout=5) as response:
        return json.loads(response.read())


def queries() -> list[str]:
    """All expressions of the dashboard and of the alerts."""
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
    return panels + [rule["expr"] for group in RULES["groups"] for rule in group["rules"]]


def test_the_dashboard_and_the_alerts_ask_for_nothing_that_is_not_exported(exported: str) -> None:
    known = set(read(exported))
    assert len(queries()) > 20
    for query in queries():
        asked = set(WORD.findall(query))
        assert asked or "up{" in query, query
        assert asked <= known, asked - known


def test_a_label_that_a_query_chooses_has_that_value(exported: str) -> None:
    codes = {code.name.lower() for code in Code}
    for query in queries():
        for chosen in re.findall(r'code=~?"([^"]+)"', query):
            assert set(chosen.split("|")) <= codes
        for chosen in re.findall(r'reason=~?"([^"]+)"', query):
            assert set(chosen.split("|")) <= set(REFUSED_LOGINS)


def test_everything_of_ours_is_on_the_dashboard(exported: str) -> None:
    shown = " ".join(queries())
    ours = {family.name for family in text_string_to_metric_families(exported) if family.name.startswith("curbside")}
    assert {name for name in ours if name not in shown} == set()


def test_what_carries_calls_is_counted_where_none_runs_and_readyz_says_the_same(exported: str, ready: Any) -> None:
    names = ("media_workers", "media_calls", "trunks", "trunks_up")
    assert [value(exported, f"curbside_{name}") for name in names] == [0, 0, 0, 0]
    assert ready == {"ok": True, "reason": "", "here": dict.fromkeys(names, 0)}


def test_before_there_is_a_hub_what_can_be_said_is_said() -> None:
    assert "curbside_info" in expose(None).decode()
