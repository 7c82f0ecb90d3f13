"""What the page that every screen is part of may ask a browser for."""

from django.test import Client


def test_the_page_may_use_the_microphone_and_nothing_else_of_the_device() -> None:
    for path in ("/", "/calls/new"):
        said = Client().get(path).headers["Permissions-Policy"]
        powers = dict(one.strip().split("=", 1) for one in said.split(","))
        assert powers.pop("microphone") == "(self)"
        assert {"camera", "geolocation", "display-capture"} <= set(powers)
        assert set(powers.values()) == {"()"}
