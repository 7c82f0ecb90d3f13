"""The deployment as it is written: no engine is needed to see that its parts fit together and keep the promises."""

from __future__ import annotations

import base64
import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from realtime.management.commands.describe import ROOT
from settings.env import KNOWN
from settings.trunks import read_file
from tests.settings.test_start import start

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
NGINX = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
VARIABLE = re.compile(r"\$\{(CURBSIDE_[A-Z_]+)(?::[?-]([^}]*))?\}")
OF_COMPOSE = {"CURBSIDE_DB_PASSWORD", "CURBSIDE_TLS_DIR", "CURBSIDE_ENGINE_ADDRESS"}
GIVEN = {
    "CURBSIDE_PUBLIC_URL": "https://curbside.example",
    "CURBSIDE_MASTER_KEY": base64.b64encode(b"k" * 32).decode(),
    "CURBSIDE_DB_PASSWORD": "w0rd",
}


def filled_in(text: str) -> str:
    """A value with its variables as Compose fills them in."""
    return VARIABLE.sub(lambda found: GIVEN.get(found[1], found[2] or ""), text)


def test_every_variable_is_one_that_is_read() -> None:
    named = set(re.findall(r"CURBSIDE_[A-Z_]*[A-Z]", (ROOT / "compose.yaml").read_text("utf-8")))
    assert named - OF_COMPOSE <= set(KNOWN)


NOT_OF_A_DEPLOYMENT = {"CURBSIDE_VAR_DIR", "CURBSIDE_DEMO", "CURBSIDE_DEBUG"}
"""Where the image keeps what it keeps, and what no installation may switch on."""


def test_every_setting_that_a_deployment_may_set_is_passed_on() -> None:
    for name in ("web1", "web2", "calls"):
        passed = COMPOSE["services"][name]["environment"]
        assert set(KNOWN) - set(passed) == NOT_OF_A_DEPLOYMENT
        for variable in set(KNOWN) & set(passed):
            filled = VARIABLE.findall(str(passed[variable]))
            own = variable in {"CURBSIDE_PROCESS", "CURBSIDE_BEHIND_PROXY", "CURBSIDE_REDIS_URL"}
            assert own or filled, f"{variable} is fixed"
            assert own or filled[0][0] in {variable, "CURBSIDE_DB_PASSWORD"}


def test_the_web_processes_start_with_what_they_are_given(tmp_path: Path) -> None:
    environment = {name: filled_in(str(value)) for name, value in COMPOSE["services"]["web1"]["environment"].items()}
    started = start(tmp_path, **environment)
    assert started.returncode == 0, started.stderr


def test_two_web_processes_share_what_makes_them_one_installation() -> None:
    services = COMPOSE["services"]
    web = [dict(services[name]) for name in ("web1", "web2")]
    own = [dict(one.pop("environment")) for one in web]
    assert [one.pop("CURBSIDE_PROCESS") for one in own] == ["web1", "web2"]
    assert web[0] == web[1] and own[0] == own[1]
    assert services["migrate"]["environment"] == services["purge"]["environment"] == own[0]
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)


def test_every_file_that_is_mounted_or_built_from_exists() -> None:
    named = {mount.split(":")[0] for one in COMPOSE["services"].values() for mount in one.get("volumes", ())}
    named |= {one["build"]["dockerfile"] for one in COMPOSE["services"].values() if "build" in one}
    for name in named - set(COMPOSE["volumes"]):
        assert name.startswith("${") or (ROOT / name).exists(), name


def test_the_proxy_knows_every_web_process() -> None:
    known = set(re.findall(r"server (\w+):8000", NGINX))
    assert known == {name for name in COMPOSE["services"] if name.startswith("web")}
    assert set(COMPOSE["services"]["proxy"]["depends_on"]) == known


def test_every_command_that_a_service_runs_exists() -> None:
    for service in COMPOSE["services"].values():
        for command in re.findall(r"manage\.py[ ,']+(\w+)", str(service.get("command", ""))):
            assert command in get_commands(), command


@pytest.mark.parametrize("service", ["web1", "postgres", "redis"])
def test_only_the_proxy_is_reached_from_outside(service: str) -> None:
    assert "ports" not in COMPOSE["services"][service]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert COMPOSE["services"]["postgres"]["networks"] == COMPOSE["services"]["redis"]["networks"] == ["inside"]


PORTS = {
    "proxy": ["80:8080", "443:8443"],
    "coturn": ["3478:3478/udp", "3478:3478/tcp", "5349:5349/tcp"],
    "rtpengine": ["30000-30199:30000-30199/udp"],
    "kamailio": ["5060:5060/udp"],
}
"""Whatever is reached from outside. An engine's orders, 2223, and the TCP side of Kamailio are not."""
PROFILES = {"media": ["sound"], "coturn": ["sound"], "rtpengine": ["trunk"], "kamailio": ["trunk"]}


def test_nothing_else_is_published_and_what_carries_sound_is_asked_for() -> None:
    services = COMPOSE["services"]
    assert {name: one["ports"] for name, one in services.items() if "ports" in one} == PORTS
    assert {name: one["profiles"] for name, one in services.items() if "profiles" in one} == PROFILES
    for name in PROFILES:
        assert services[name]["cap_drop"] == ["ALL"] and services[name]["read_only"]
        assert "network_mode" not in services[name] and "sound" in services[name]["networks"]


def test_who_carries_sound_is_where_the_others_are_told() -> None:
    services = COMPOSE["services"]
    subnet = ip_network(COMPOSE["networks"]["sound"]["ipam"]["config"][0]["subnet"])
    at = {name: services[name]["networks"]["sound"]["ipv4_address"] for name in PROFILES}
    assert len(set(at.values())) == len(at) and all(ip_address(one) in subnet for one in at.values())
    assert services["media"]["environment"]["CURBSIDE_MEDIA_ADDRESSES"] == at["media"]
    assert services["media"]["environment"]["CURBSIDE_SIP_ADDRESS"] == at["media"]
    [trunk] = read_file("", ROOT / "deploy" / "trunks" / "kamailio.json")
    assert (trunk.host, trunk.port, trunk.transport) == (at["kamailio"], 5060, "tcp")
    turn = services["coturn"]["command"]
    assert {word for word in turn if "allowed-peer" in word} == {
        f"--allowed-peer-ip={at['media']}", f"--allowed-peer-ip={at['rtpengine']}",
    }  # fmt: skip
    assert f"--relay-ip={at['coturn']}" in turn
    assert f"--listen-ng={at['rtpengine']}:2223" in services["rtpengine"]["command"]
    assert f"INNER=tcp:{at['kamailio']}:5060" in services["kamailio"]["command"]


def test_each_peer_is_built_from_a_stage_that_exists() -> None:
    stages = set(re.findall(r" AS (\w+)$", (ROOT / "deploy" / "peers.Dockerfile").read_text("utf-8"), re.MULTILINE))
    assert stages - {"base"} == {one["build"]["target"] for one in COMPOSE["services"].values()
                                 if "target" in one.get("build", {})}  # fmt: skip


def test_redis_keeps_nothing_and_postgresql_writes_no_statement_into_its_log() -> None:
    redis = " ".join(COMPOSE["services"]["redis"]["command"])
    assert "--save  --appendonly no" in redis
    postgres = " ".join(COMPOSE["services"]["postgres"]["command"])
    assert "log_min_error_statement=panic" in postgres and "log_min_messages=fatal" in postgres


def test_no_secret_stands_in_the_file() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            if "KEY" in name or "PASSWORD" in name:
                assert str(value).startswith("${"), name


def test_the_image_holds_all_of_the_service_and_nothing_else() -> None:
    copied = {word for line in DOCKERFILE.splitlines() if line.startswith("COPY") for word in line.split()[1:-1]}
    assert all((ROOT / name).exists() for name in copied)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert packages <= copied
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert let_in == copied
    assert "--require-hashes" in DOCKERFILE and "USER curbside" in DOCKERFILE


def test_the_proxy_takes_what_a_carrier_brings_to_the_port_of_the_media_worker_as_it_is() -> None:
    port = COMPOSE["services"]["media"]["environment"]["CURBSIDE_MEDIA_STREAM_LISTEN"].rpartition(":")[2]
    [place] = re.findall(r"location = /streams/media1 \{(.*?)\}", NGINX, re.DOTALL)
    assert f"set $media media:{port};" in place and "proxy_pass http://$media;" in place, "the path unchanged"
    assert "proxy_buffering off;" in place and "ports" not in COMPOSE["services"]["media"]


def test_the_proxy_writes_no_line_about_a_request() -> None:
    assert "access_log off;" in NGINX
    assert re.findall(r"access_log (\S+)", NGINX) == ["off;"]
    assert re.findall(r"error_log ([^;]+);", NGINX) == ["stderr emerg"]


def test_the_proxy_writes_who_asks_anew_and_passes_the_socket_on() -> None:
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in NGINX
    assert "$proxy_add_x_forwarded_for" not in NGINX
    assert "proxy_set_header X-Forwarded-Proto $scheme;" in NGINX
    socket = NGINX.partition("location = /ws")[2].partition("}")[0]
    silence = int(re.findall(r"proxy_read_timeout (\d+)s", socket)[0])
    assert silence > 2 * 25, "a heartbeat comes in time"
    assert NGINX.count("{") == NGINX.count("}")


@pytest.mark.parametrize("path", ["healthz", "readyz", "metrics"])
def test_what_is_for_the_inside_is_not_reached_through_the_proxy(path: str) -> None:
    assert f"location = /{path} {{ return 404; }}" in NGINX


def test_the_admin_is_not_reached_through_the_proxy_as_it_is_shipped() -> None:
    assert "location /staff/ { return 404; }" in NGINX
