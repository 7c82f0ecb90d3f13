"""Which plane a media worker has is what the settings say."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured

from settings.engines import endpoints
from voice.media.engine_plane import EnginePlane
from voice.media.plane import Plane
from voice.media.shapes import Told
from voice.media_planes import make_plane


async def test_the_plane_is_the_workers_own_unless_engines_are_asked_for(settings: LazySettings) -> None:
    told: list[Told] = []
    own = make_plane(told.append)
    assert type(own) is Plane and own.is_ready
    settings.CURBSIDE_MEDIA_PLANE, settings.CURBSIDE_RTPENGINES = "rtpengine", [("127.0.0.1", 9)]
    engines = make_plane(told.append)
    assert isinstance(engines, EnginePlane) and not engines.is_ready  # nobody answers there
    for plane in (own, engines):
        await plane.close()


def test_engines_are_hosts_and_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURBSIDE_RTPENGINES", " 10.0.0.6:2223, [2001:db8::6]:2224,engine.example:2223")
    assert endpoints("RTPENGINES", "") == [("10.0.0.6", 2223), ("2001:db8::6", 2224), ("engine.example", 2223)]


@pytest.mark.parametrize("wrong", ["10.0.0.6", "10.0.0.6:", "10.0.0.6:0", "10.0.0.6:65536", "2001:db8::6:2223", "a:1,,",
                                   "udp:10.0.0.6:2223", "a:1,a:1", "a b:1"])  # fmt: skip
def test_what_is_no_host_and_port_stops_the_start(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("CURBSIDE_RTPENGINES", wrong)
    with pytest.raises(ImproperlyConfigured, match="CURBSIDE_RTPENGINES must be host:port"):
        endpoints("RTPENGINES", "")
