"""The sound of a call over HTTP: who is helped with which servers, and who may offer a connection."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from members.models import Account
from tests.voice.line import Line
from voice import owning
from voice.media.ice import credential
from voice.models import MediaSignal
from voice.views import media as views


@pytest.fixture
def worker(line: Line) -> str:
    """A media worker that lives."""
    return owning.register("one", timezone.now())


def ask(account: Account | None, path: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
    client = Client()
    if account is not None:
        client.force_login(account)
    address = "/api/v1" + path
    answer = client.get(address) if body is None else client.post(address, body, content_type="application/json")
    assert answer.status_code == status, answer.content
    assert answer["Cache-Control"] == "no-store"
    return answer.json()


def test_the_servers_are_named_with_credentials_that_end_and_hold_nothing_of_the_member(
    line: Line, worker: str, settings: LazySettings
) -> None:
    settings.CURBSIDE_STUN_URLS, settings.CURBSIDE_TURN_URLS = ["stun:stun.example"], ["turn:turn.example"]
    settings.CURBSIDE_TURN_SECRET = "a secret that the TURN server shares"
    stun, turn = ask(line.amara.account, "/calls/media/ice")["iceServers"]
    assert stun == {"urls": ["stun:stun.example"]} and turn["urls"] == ["turn:turn.example"]
    assert turn["credential"] == credential(settings.CURBSIDE_TURN_SECRET, turn["username"])
    ends, nonce = turn["username"].split(":")
    assert int(ends) > timezone.now().timestamp() + 3600 and str(line.amara.account.pk) not in turn["username"]
    assert nonce not in str(ask(line.amara.account, "/calls/media/ice")), "one for each connection"


def test_the_way_over_a_browser_is_open_only_where_a_worker_lives_and_to_who_may_call(line: Line) -> None:
    assert ask(line.amara.account, "/calls/media/ice", status=503)["code"] == "call.no_media"
    owning.register("one", timezone.now())
    assert ask(line.amara.account, "/calls/media/ice") == {"iceServers": []}
    assert ask(line.rosa.account, "/calls/media/ice", status=409)["code"] == "call.second_factor"
    line.rosa.account.verified_at = None
    line.rosa.account.save()
    assert ask(line.rosa.account, "/calls/media/ice", status=409)["code"] == "call.not_verified"
    assert ask(None, "/calls/media/ice", status=401)["code"] == "unauthorized"


def test_a_check_says_whether_the_way_is_open(line: Line) -> None:
    wish = {"clinic": line.id, "caller_id": line.own.pk, "patient": line.maria.pk, "way": "webrtc"}
    answer = ask(line.amara.account, "/calls/check", wish)
    assert not answer["ok"] and answer["refusal"]["code"] == "call.no_media"
    owning.register("one", timezone.now())
    line.phone.delete()
    assert ask(line.amara.account, "/calls/check", wish)["ok"]


def test_an_offer_is_of_who_made_the_call_and_of_a_call_over_a_browser(line: Line, worker: str) -> None:
    r = line.call(way="webrtc")
    offered = {"sdp": "v=0"}
    assert ask(line.rosa.account, f"/calls/{r}/media", offered, 404)["code"] == "not_found"
    assert ask(line.amara.account, "/calls/none/media", offered, 404)["code"] == "not_found"
    assert ask(None, f"/calls/{r}/media", offered, 401)["code"] == "unauthorized"
    Authenticator.objects.all().delete()
    assert ask(line.amara.account, f"/calls/{r}/media", offered, 409)["code"] == "call.second_factor"
    assert not MediaSignal.objects.exists()


@pytest.mark.parametrize("sdp", ["", "v" * (views.SDP_MOST + 1)], ids=["empty", "too long"])
def test_what_can_be_no_offer_is_malformed(line: Line, worker: str, sdp: str) -> None:
    r = line.call(way="webrtc")
    assert ask(line.amara.account, f"/calls/{r}/media", {"sdp": sdp}, 422)["code"] == "malformed"


def test_who_offers_too_often_is_told_to_wait_and_no_address_is_in_a_log(
    line: Line, worker: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(views, "WAIT_S", 0.0)
    monkeypatch.setattr("voice.signals.OFFERS_MOST", 1)
    r = line.call(way="webrtc")
    offered = {"sdp": "c=IN IP4 203.0.113.77"}
    with caplog.at_level(logging.DEBUG):
        assert ask(line.amara.account, f"/calls/{r}/media", offered, 503)["code"] == "media.none"
        assert ask(line.amara.account, f"/calls/{r}/media", offered, 429)["code"] == "rate"
    assert "203.0.113.77" not in caplog.text and caplog.records
