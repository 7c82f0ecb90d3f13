"""Web push: nothing in it, only to known services, and a device that is gone is forgotten."""

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from members import devices, push, push_sending
from members.errors import Invalid, NotFound, TooMany
from members.models import Account, Device
from members.push_hosts import check_endpoint
from tests.members.people import make_member
from tests.members.test_views import AUTH, KEY, PUSH

pytestmark = pytest.mark.django_db(transaction=True)


class PushService(BaseHTTPRequestHandler):
    """A push service that remembers what it was sent and answers as told."""

    seen: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []
    status: ClassVar[int] = 201
    location: ClassVar[str] = ""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.status)
        if self.location:
            self.send_header("Location", self.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class names it so)
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    PushService.seen, PushService.status, PushService.location = [], 201, ""
    server = ThreadingHTTPServer(("127.0.0.1", 0), PushService)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def device_at(endpoint: str, account: Account | None = None, session: str = "s") -> Device:
    return devices.add_device(account or make_member(), session, endpoint=endpoint, p256dh=KEY, auth=AUTH, label="x")


def wake_and_wait(*members: str) -> None:
    push.wake(members)
    push._pool().shutdown(wait=True)
    push._pool.cache_clear()


def test_a_push_says_nothing_and_proves_who_sends_it(service: str) -> None:
    account = make_member(name="Dr Planted Name")
    device_at(f"{service}/box/1", account)
    wake_and_wait(str(account.pk))
    ((path, headers, body),) = PushService.seen
    assert (path, body) == ("/box/1", b"")
    assert headers["authorization"].startswith("vapid t=")
    assert int(headers["ttl"]) == push_sending.TTL_S
    assert "content-encoding" not in headers
    claims = headers["authorization"].split("t=")[1].split(",")[0].split(".")[1]
    said = base64.urlsafe_b64decode(claims + "==") + str(headers).encode()
    for planted in (str(account.pk), account.email, "Planted"):
        assert planted.encode() not in said


def test_only_the_devices_of_those_members_are_woken(service: str) -> None:
    one, two = make_member(), make_member()
    device_at(f"{service}/one", one)
    device_at(f"{service}/one-more", one)
    device_at(f"{service}/two", two)
    wake_and_wait(str(one.pk))
    assert {path for path, _, _ in PushService.seen} == {"/one", "/one-more"}


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_its_service_does_not_know_is_forgotten(service: str, status: int) -> None:
    PushService.status = status
    account = make_member()
    device_at(f"{service}/gone", account)
    wake_and_wait(str(account.pk))
    assert not Device.objects.exists()


def test_a_device_that_fails_often_is_forgotten_and_one_success_forgives(service: str) -> None:
    account = make_member()
    device = device_at(f"{service}/flaky", account)
    PushService.status = 500
    wake_and_wait(str(account.pk))
    device.refresh_from_db()
    assert device.failures == 1
    PushService.status = 201
    wake_and_wait(str(account.pk))
    device.refresh_from_db()
    assert device.failures == 0
    for _ in range(push.MOST_FAILURES):
        push.settle(device, 0)
    assert not Device.objects.exists()


def test_a_redirect_is_not_followed(service: str) -> None:
    PushService.status, PushService.location = 307, f"{service}/inner"
    account = make_member()
    device_at(f"{service}/outer", account)
    wake_and_wait(str(account.pk))
    assert [path for path, _, _ in PushService.seen] == ["/outer"]


def test_a_service_that_is_away_costs_nothing_but_a_failure() -> None:
    account = make_member()
    device = device_at("http://127.0.0.1:9/closed", account)
    wake_and_wait(str(account.pk))
    device.refresh_from_db()
    assert device.failures == 1


def test_pushes_that_find_no_room_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    account = make_member()
    device_at("http://127.0.0.1:9/closed", account)
    monkeypatch.setattr(push, "_room", threading.BoundedSemaphore(1))
    push._room.acquire()
    push.wake([str(account.pk)])
    assert Device.objects.get().failures == 0


@pytest.mark.parametrize("endpoint", [
    "https://fcm.googleapis.com/fcm/send/abc", "https://updates.push.services.mozilla.com/wpush/v2/x",
    "https://web.push.apple.com/QA", "https://wns2-par02p.notify.windows.com/w/?token=x"])
def test_known_push_services_are_used(endpoint: str) -> None:
    check_endpoint(endpoint)


@pytest.mark.parametrize("endpoint", [
    "http://fcm.googleapis.com/x", "https://fcm.googleapis.com:8443/x", "https://fcm.googleapis.com.evil.example/x",
    "https://evilnotify.windows.com/x", "https://user@fcm.googleapis.com/x", "https://127.0.0.1/x",
    "http://localhost/x", "https://10.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/latest/meta-data",
    "file:///etc/passwd", "ftp://fcm.googleapis.com/x", "", "https://", "https://fcm.googleapis.com:x/", "nonsense",
    "https://metadata.google.internal/x", "https://0x7f000001/x", "https://[::ffff:127.0.0.1]/x"])
def test_any_other_address_is_refused(endpoint: str) -> None:
    with pytest.raises(Invalid):
        check_endpoint(endpoint)


@pytest.mark.parametrize("endpoint", ["http://10.0.0.1/x", "https://169.254.169.254/x", "http://user@localhost/x"])
def test_a_demo_reaches_this_machine_and_nothing_else_inside(endpoint: str) -> None:
    check_endpoint("http://localhost:9/x", local=True)
    with pytest.raises(Invalid):
        check_endpoint(endpoint, local=True)


def test_a_shared_phone_wakes_only_for_who_came_last() -> None:
    first, second = make_member(), make_member()
    device_at("https://fcm.googleapis.com/x", first)
    device_at("https://fcm.googleapis.com/x", second)
    assert Device.objects.get().account == second


def test_a_subscription_with_wrong_keys_or_too_many_devices_are_refused() -> None:
    account = make_member()
    for p256dh, auth in (("short", AUTH), (KEY, "short"), ("é", AUTH), (KEY, "")):
        with pytest.raises(Invalid):
            devices.add_device(account, "s", endpoint=str(PUSH["endpoint"]), p256dh=p256dh, auth=auth, label="")
    with pytest.raises(Invalid):
        device_at("https://fcm.googleapis.com/" + "x" * 2048, account)
    for n in range(devices.MOST):
        device_at(f"https://fcm.googleapis.com/{n}", account)
    with pytest.raises(TooMany):
        device_at("https://fcm.googleapis.com/more", account)
    with pytest.raises(NotFound):
        devices.remove_device(make_member(), account.devices.first().pk)  # type: ignore[union-attr]  # it has twenty
