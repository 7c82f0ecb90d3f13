"""The HTTP API against its own document: schemathesis sends what the document allows, and what it does not.

A living server on SQLite; no answer may be a 500, and every answer has a status, a type and a shape of the document.
Bounded: a few examples for each operation.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from realtime.management.commands.describe import ROOT
from tests.conftest import Deploy
from tests.peers.curbside import Circle, Deployment

STORED: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
EXAMPLES = 10
OPERATIONS = [(path, method.upper()) for path, methods in STORED["paths"].items() for method in methods]

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def served(deploy_for_module: Deploy) -> Deployment:
    """One server, asked by nobody else."""
    deployment = deploy_for_module("sqlite")
    deployment.start()
    return deployment


@pytest.fixture(scope="module")
def circle(served: Deployment) -> Circle:
    """Somebody who is signed in, and a consult of theirs."""
    return served.take_circle()


@pytest.fixture(scope="module")
def api(served: Deployment, circle: Circle) -> Any:
    """The API as its document describes it."""
    schema = schemathesis.openapi.from_dict(STORED)
    schema.config.update(base_url=served.url)
    return schema


def bearer(circle: Circle) -> dict[str, str]:
    """How a program says who it is."""
    return {"Authorization": f"Bearer {circle.asker.token}"}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "not allowed"])
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_one_of_the_document(
    api: Any, circle: Circle, path: str, method: str, mode: GenerationMode
) -> None:
    operation = api[path][method]
    if mode is GenerationMode.NEGATIVE and not list(operation.iter_parameters()) and not operation.body:
        return  # nothing to get wrong

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        case.call_and_validate(headers=bearer(circle), checks=CHECKS)

    ask()


READ = [
    ("/api/v1/consults/{r}", {"r": "stream"}),
    ("/api/v1/streams/{stream}/events", {"stream": "stream"}),
    ("/api/v1/consults", {}),
    ("/api/v1/me", {}),
    ("/api/v1/sessions", {}),
    ("/api/v1/offers", {}),
    ("/api/v1/clinics", {}),
    ("/api/v1/phone", {}),
]


@pytest.mark.parametrize(("path", "named"), READ)
def test_what_one_may_read_is_shown_as_the_document_says(
    api: Any, circle: Circle, path: str, named: dict[str, str]
) -> None:
    case = api[path]["GET"].Case(path_parameters=dict.fromkeys(named, circle.stream))
    answer = case.call_and_validate(headers=bearer(circle), checks=[*CHECKS, unsupported_method])
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [(m, p) for p, operations in STORED["paths"].items() for m, o in operations.items()
                         if o.get("security")]
)  # fmt: skip
def test_nothing_is_answered_without_signing_in(api: Any, circle: Circle, method: str, path: str) -> None:
    """What needs a body is asked with none: who is not signed in is told nothing of what it should hold."""
    url = api.config.base_url + re.sub(r"\{\w+\}", circle.stream, path)
    for headers in ({}, {"Authorization": "Bearer cbs_wrong"}, {"X-Session-Token": "wrong"}):
        request = urllib.request.Request(url, method=method.upper(), headers=headers)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        with refused.value as answer:
            assert answer.code == 401
            assert json.loads(answer.read()) == {"code": "unauthorized", "msg": "Sign in first.", "retry": False}


@pytest.mark.parametrize("path", ["/api/v1/consults/{r}", "/api/v1/consults/{r}/summary", "/api/v1/streams/{r}/events"])
def test_another_members_consult_and_one_that_does_not_exist_are_answered_alike(
    served: Deployment, circle: Circle, path: str
) -> None:
    answers = []
    for r in (circle.stream, "AAAAAAAAAAAAAAAAAAAAAA"):
        headers = {"Authorization": f"Bearer {circle.outsider.token}"}
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(served.url + path.format(r=r), headers=headers), timeout=10)
        with refused.value as answer:
            answers.append((answer.code, answer.read(), sorted(name.lower() for name in answer.headers)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


def test_the_served_document_is_the_stored_one(served: Deployment) -> None:
    with urllib.request.urlopen(served.url + "/api/v1/openapi.json", timeout=10) as answer:
        live = json.loads(answer.read())
    for path in live["paths"].values():
        for operation in path.values():
            operation["responses"] = dict(sorted(operation["responses"].items()))
    assert live["paths"] == STORED["paths"]
    assert live["components"] == STORED["components"]
