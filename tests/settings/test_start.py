"""Whole starts: a wrong value ends one, and an installation does not start with what only a demo may have."""

from __future__ import annotations

import ast
import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.curbside import ROOT

KEY = base64.b64encode(b"k" * 32).decode()
INSTALLATION = {
    "DJANGO_SETTINGS_MODULE": "settings.production",
    "CURBSIDE_MASTER_KEY": KEY,
    "CURBSIDE_PUBLIC_URL": "https://curbside.example",
}
TWILIO = {"CURBSIDE_CARRIER": "twilio", "CURBSIDE_TWILIO_ACCOUNT": "AC" + "1" * 32, "CURBSIDE_TWILIO_TOKENS": "word"}
SHOW = (
    "from django.conf import settings as s; "
    "print(s.ALLOWED_HOSTS, s.CURBSIDE_ORIGINS, s.SESSION_COOKIE_SECURE, s.SECURE_HSTS_SECONDS)"
)


def start(directory: Path, show: str = SHOW, **variables: str) -> subprocess.CompletedProcess[str]:
    """Load the settings as a server would, with these variables alone."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CURBSIDE_", "DJANGO_"))}
    env |= {"CURBSIDE_VAR_DIR": str(directory)} | variables
    argv = [sys.executable, "-c", show]
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"CURBSIDE_DEMO": "1"}, "CURBSIDE_DEMO"),
        ({"CURBSIDE_DEBUG": "yes"}, "CURBSIDE_DEBUG"),
        ({"CURBSIDE_MASTER_KEY": ""}, "CURBSIDE_MASTER_KEY"),
        ({"CURBSIDE_PUBLIC_URL": "http://curbside.example"}, "CURBSIDE_PUBLIC_URL"),
        ({"CURBSIDE_PUBLIC_URL": ""}, "CURBSIDE_PUBLIC_URL"),
        ({"CURBSIDE_MASTER_KEY": "hunter2"}, "CURBSIDE_MASTER_KEY"),
        ({"CURBSIDE_DATABASE_URL": "mysql://hunter2@host/name"}, "CURBSIDE_DATABASE_URL"),
        ({"CURBSIDE_LIMIT_STRIKES": "0"}, "CURBSIDE_LIMIT_STRIKES"),
        ({"CURBSIDE_LIMIT_FRAME_RATE": "0"}, "CURBSIDE_LIMIT_FRAME_RATE"),
        ({"CURBSIDE_VAPID_KEY": "hunter2"}, "CURBSIDE_VAPID_KEY"),
        ({"CURBSIDE_METRICS_TOKEN": "hunter2"}, "CURBSIDE_METRICS_TOKEN"),
        ({"CURBSIDE_METRICS_TOKEN": "hunter2 hunter2 hunter2 hunter2"}, "CURBSIDE_METRICS_TOKEN"),
        ({"CURBSIDE_SIGNIN_KEY": "hunter2"}, "CURBSIDE_SIGNIN_KEY"),
        ({"CURBSIDE_KEEP_CONSULT_DAYS": "-1"}, "CURBSIDE_KEEP_CONSULT_DAYS"),
        ({"CURBSIDE_TURN_SECRET": "hunter2"}, "CURBSIDE_TURN_SECRET"),
        ({"CURBSIDE_TURN_URLS": "turn:turn.example"}, "CURBSIDE_TURN_SECRET"),
        ({"CURBSIDE_SERVICE_NUMBER": "tel:1"}, "CURBSIDE_SERVICE_NUMBER"),
        ({"CURBSIDE_SERVICE_NUMBER": "6175550142"}, "CURBSIDE_SERVICE_NUMBER"),
        (TWILIO, "CURBSIDE_SERVICE_NUMBER"),
        ({"CURBSIDE_CARRIER": "sip"}, "CURBSIDE_SERVICE_NUMBER"),
        (TWILIO | {"CURBSIDE_SERVICE_NUMBER": "+16175550199"}, "CURBSIDE_SERVICE_NUMBER"),
        (TWILIO | {"CURBSIDE_TWILIO_URL": "https://api.dublin.example"}, "CURBSIDE_SERVICE_NUMBER"),
    ],
)
def test_an_installation_does_not_start_like_that(tmp_path: Path, variables: dict[str, str], named: str) -> None:
    started = start(tmp_path, **(INSTALLATION | variables))
    assert started.returncode != 0
    sentence = started.stderr.strip().splitlines()[-1]
    assert "ImproperlyConfigured" in sentence and named in sentence
    assert "hunter2" not in started.stderr + started.stdout


def test_an_installation_starts_with_the_least_that_it_needs(tmp_path: Path) -> None:
    started = start(tmp_path, **INSTALLATION)
    assert started.returncode == 0, started.stderr
    assert started.stdout.split() == [
        "['curbside.example',", "'localhost',", "'127.0.0.1',", "'[::1]']", "['https://curbside.example']", "True",
        "31536000",
    ]  # fmt: skip
    assert not (tmp_path / "master.key").exists()


def test_an_installation_that_calls_by_twilio_starts_with_a_number_of_its_own(tmp_path: Path) -> None:
    show = "from django.conf import settings as s; print(s.CURBSIDE_SERVICE_NUMBER)"
    started = start(tmp_path, show, **INSTALLATION, **TWILIO, CURBSIDE_SERVICE_NUMBER="+16175550142")
    assert (started.returncode, started.stdout) == (0, "+16175550142\n"), started.stderr


@pytest.mark.parametrize("more", [{}, {"CURBSIDE_ALLOWED_HOSTS": "curbside.example"}])
def test_the_host_at_which_a_carrier_reaches_the_service_is_answered(tmp_path: Path, more: dict[str, str]) -> None:
    show = "from django.conf import settings as s; print(s.ALLOWED_HOSTS)"
    started = start(tmp_path, show, **INSTALLATION, **more, CURBSIDE_WEBHOOK_URL="https://voice.example:8443")
    hosts = ast.literal_eval(started.stdout)
    assert "voice.example" in hosts and hosts.count("curbside.example") == 1


def test_the_embedded_default_keeps_a_key_of_its_own_that_nobody_else_may_read(tmp_path: Path) -> None:
    assert start(tmp_path, DJANGO_SETTINGS_MODULE="settings.dev").returncode == 0
    key = tmp_path / "master.key"
    assert len(key.read_bytes()) == 32
    assert key.stat().st_mode & 0o077 == 0
    kept = key.read_bytes()
    assert start(tmp_path, DJANGO_SETTINGS_MODULE="settings.dev").returncode == 0
    assert key.read_bytes() == kept


def test_without_a_mail_server_nothing_is_sent_or_printed_and_one_is_spoken_to_in_private(tmp_path: Path) -> None:
    names = ("EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_USE_SSL", "EMAIL_USE_TLS")
    show = f"from django.conf import settings as s; print({', '.join(f's.{name}' for name in names)})"
    assert "backends.dummy." in start(tmp_path, show, **INSTALLATION).stdout
    given = INSTALLATION | {"CURBSIDE_EMAIL_URL": "smtps://curb%40side:w@mail.example"}
    assert start(tmp_path, show, **given).stdout.split()[1:] == ["mail.example", "465", "True", "False"]
    given["CURBSIDE_EMAIL_URL"] = "smtp://mail.example:2587"
    assert start(tmp_path, show, **given).stdout.split()[1:] == ["mail.example", "2587", "False", "True"]


def test_another_key_for_sign_ins_changes_nothing_that_lasts(tmp_path: Path) -> None:
    show = "from django.conf import settings as s; print(sorted((p, k.hex()) for p, k in s.CURBSIDE_KEYS.items()))"
    other = base64.b64encode(b"j" * 32).decode()
    before, after = (start(tmp_path, show, **INSTALLATION, **more) for more in ({}, {"CURBSIDE_SIGNIN_KEY": other}))
    keys = [dict(ast.literal_eval(started.stdout)) for started in (before, after)]
    changed = {purpose for purpose, key in keys[0].items() if keys[1][purpose] != key}
    assert changed == {"django", "ticket", "token", "outbox"}
