"""Devices that can be woken: their push subscriptions, sealed, found again by a keyed digest of the endpoint."""

import base64
import binascii
import json

from django.conf import settings

from members.errors import Invalid, NotFound, TooMany
from members.marks import mark
from members.models import Account, Device
from members.push_hosts import check_endpoint
from realtime.sealing import seal, unseal

MOST = 20
P256DH_BYTES, AUTH_BYTES = 65, 16


def add_device(account: Account, session: str, *, endpoint: str, p256dh: str, auth: str, label: str) -> Device:
    """Store a subscription for a session and return its device; one that is known moves to this account.

    Raises Invalid, TooMany. Source: RFC 8291, section 3.1 (the sizes of the keys).
    """
    if len(endpoint) > 2048:
        raise Invalid("endpoint", "This address is too long.")
    check_endpoint(endpoint, local=settings.DEBUG or settings.CURBSIDE_DEMO)
    _check_key("p256dh", p256dh, P256DH_BYTES)
    _check_key("auth", auth, AUTH_BYTES)
    place = mark("endpoint", endpoint)
    if account.devices.exclude(endpoint_mark=place).count() >= MOST:
        raise TooMany(f"You have {MOST} devices. Remove one first.")
    subscription = json.dumps({"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}}).encode()
    device, _ = Device.objects.update_or_create(endpoint_mark=place, defaults={
        "account": account, "subscription": seal(subscription, aad=_place(place)), "label": label[:80],
        "session": session, "failures": 0})
    return device


def subscription_of(device: Device) -> dict[str, object]:
    """Return what ``pywebpush`` takes: endpoint and keys."""
    found: dict[str, object] = json.loads(unseal(device.subscription, aad=_place(device.endpoint_mark)))
    return found


def remove_device(account: Account, device_id: str) -> None:
    """Forget a device. Raises NotFound."""
    if not account.devices.filter(pk=device_id).delete()[0]:
        raise NotFound


def _place(endpoint_mark: str) -> str:
    return f"members_device:{endpoint_mark}:subscription"


def _check_key(field: str, value: str, size: int) -> None:
    try:
        raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != size:
        raise Invalid(field, "This subscription's key is not one.")
