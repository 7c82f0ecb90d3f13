"""Password hashes take turns, so that a rush of sign-ins leaves the processors to others."""

import threading
import time

import pytest
from django.contrib.auth.hashers import ScryptPasswordHasher
from pytest_django import Settings

from members import hashing
from members.hashing import AT_ONCE, BoundedScrypt
from realtime.protocol import Refusal
from tests.members.browser import Browser


def test_a_hash_is_the_frameworks_own() -> None:
    hasher = BoundedScrypt()
    hashed = hasher.encode("a password", "salt" * 4)
    assert hashed == ScryptPasswordHasher().encode("a password", "salt" * 4)
    assert hasher.verify("a password", hashed)
    assert not hasher.verify("another", hashed)


def test_no_more_than_two_are_computed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, guard, go = [0], [0], threading.Lock(), threading.Event()

    def encode(self: object, *args: object) -> str:
        with guard:
            running[0] += 1
            most[0] = max(most[0], running[0])
        go.wait(5)
        with guard:
            running[0] -= 1
        return "hash"

    monkeypatch.setattr(ScryptPasswordHasher, "encode", encode)
    threads = [threading.Thread(target=BoundedScrypt().encode, args=("p", "s")) for _ in range(8)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 5
    while running[0] < AT_ONCE and time.monotonic() < deadline:
        threading.Event().wait(0.001)
    go.set()
    for thread in threads:
        thread.join(5)
    assert most[0] == AT_ONCE


@pytest.mark.django_db
def test_a_sign_in_that_finds_no_turn_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["members.hashing.BoundedScrypt"]
    monkeypatch.setattr(hashing, "PATIENCE_S", 0.0)
    monkeypatch.setattr(hashing, "_turn", threading.BoundedSemaphore(1))
    hashing._turn.acquire()
    browser = Browser()
    browser.client.raise_request_exception = False
    browser.call("GET", "/_allauth/browser/v1/config")
    answer = browser.call("POST", "/_allauth/browser/v1/auth/login", {"email": "a@example.org", "password": "p" * 12})
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")


def test_who_waits_too_long_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "PATIENCE_S", 0.0)
    monkeypatch.setattr(hashing, "_turn", threading.BoundedSemaphore(1))
    hashing._turn.acquire()
    with pytest.raises(Refusal) as refused:
        BoundedScrypt().encode("p", "s")
    assert (refused.value.code, refused.value.retry) == ("busy", True)
