"""The client's files are compressed on their way to a phone; what is about somebody is not (BREACH)."""

import gzip
from pathlib import Path

import pytest
from django.test import Client

from tests.peers.curbside import ROOT

FILE = Path(ROOT, "client", "app.js")


def test_a_static_file_is_compressed_where_the_browser_takes_it() -> None:
    response = Client().get("/static/client/app.js", headers={"accept-encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"
    assert gzip.decompress(response.getvalue()) == FILE.read_bytes()
    assert Client().get("/static/client/app.js").getvalue() == FILE.read_bytes()


@pytest.mark.django_db
def test_an_answer_of_the_api_is_not() -> None:
    response = Client().get("/api/v1/specialties", headers={"accept-encoding": "gzip"})
    assert len(response.content) > 1_000
    assert "content-encoding" not in response.headers
