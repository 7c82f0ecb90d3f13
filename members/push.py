"""Web push without content: it says that something waits, never who, what or about whom.

Sent by a few threads of their own, after the commit; a queue that is full drops the wake, as the inbox keeps what
it was about. Source: RFC 8030 (push), RFC 8292 (VAPID).
"""

import logging
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import BoundedSemaphore
from typing import Protocol

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import connection
from django.db.models import F
from py_vapid import Vapid

from members.devices import subscription_of
from members.models import Device
from realtime.sealing import Unsealable

WORKERS = 4
WAITING = 512
GONE = (404, 410)
MOST_FAILURES = 10

log = logging.getLogger(__name__)


class Sender(Protocol):
    """Sends one push without content to a subscription and returns the service's status, 0 for none."""

    def __call__(self, subscription: dict[str, object]) -> int:
        """Send it."""


def send_when_loaded(subscription: dict[str, object]) -> int:
    """Send by web push."""
    from members.push_sending import send_push

    return send_push(subscription)


sender: Sender = send_when_loaded
_room = BoundedSemaphore(WAITING)


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WORKERS, thread_name_prefix="push")


def wake(account_ids: Iterable[str]) -> None:
    """Wake all devices of these members, in the background. Never fails, never waits."""
    ids = list(account_ids)
    if not ids:
        return
    for device in Device.objects.filter(account_id__in=ids):
        if not _room.acquire(blocking=False):
            log.warning("pushes are waiting, one was dropped", extra={"queue": WAITING})
            return
        _pool().submit(_deliver, device)


def _deliver(device: Device) -> None:
    try:
        settle(device, sender(subscription_of(device)))
    except Unsealable:
        settle(device, GONE[0])
    except Exception:
        log.exception("a push failed")
    finally:
        connection.close()
        _room.release()


def settle(device: Device, status: int) -> None:
    """Keep, count or forget a device by what its push service said: 404 and 410 mean that it is gone."""
    row = Device.objects.filter(pk=device.pk)
    if status in GONE:
        row.delete()
    elif 200 <= status < 300:
        row.filter(failures__gt=0).update(failures=0)
    else:
        row.update(failures=F("failures") + 1)
        row.filter(failures__gte=MOST_FAILURES).delete()


def public_key() -> str:
    """Return the application server's public key for ``PushManager.subscribe``: an uncompressed point, base64url."""
    return _public_key(settings.CURBSIDE_VAPID_KEY)


@lru_cache(maxsize=2)
def _public_key(private: str) -> str:
    point = Vapid.from_string(private).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).decode().rstrip("=")
