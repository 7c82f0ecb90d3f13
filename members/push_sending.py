"""One push without content to one subscription. Loaded when the first is sent: its libraries take a second to load."""

from typing import cast

import requests
from django.conf import settings
from pywebpush import WebPushException, webpush

from members.errors import Invalid
from members.push_hosts import check_endpoint

TIMEOUT_S = (3.0, 5.0)  # to connect, to answer
TTL_S = 600


class _Straight(requests.Session):
    """A session that follows no redirect: an address is checked once, so it must stay the same."""

    def __init__(self) -> None:
        super().__init__()
        self.max_redirects = 0


def send_push(subscription: dict[str, object]) -> int:
    """Send a push without content. The endpoint is checked again, as the list may have changed since it was stored."""
    endpoint = str(subscription["endpoint"])
    try:
        check_endpoint(endpoint, local=settings.DEBUG or settings.CURBSIDE_DEMO)
        with _Straight() as session:
            answer = webpush(
                {"endpoint": endpoint}, data=None, vapid_private_key=settings.CURBSIDE_VAPID_KEY,
                vapid_claims={"sub": settings.CURBSIDE_VAPID_SUBJECT}, ttl=TTL_S, headers={"Urgency": "high"},
                timeout=cast("float", TIMEOUT_S), requests_session=session)
        return int(getattr(answer, "status_code", 0))
    except WebPushException as error:
        return int(error.status_code or 0)
    except (requests.RequestException, Invalid, OSError, ValueError):
        return 0
