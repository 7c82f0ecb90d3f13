"""Members for tests: quick to make, all different."""

import time
from itertools import count
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.utils import timezone

from members.models import Account

_numbers = count(1)
PERIOD_S = 30


def make_member(**fields: Any) -> Account:
    """Store and return a verified cardiologist in Europe who reads English, unless told otherwise."""
    number = next(_numbers)
    wanted = {
        "name": f"Member {number}", "role": "physician", "specialty": "cardiology", "region": "Europe",
        "languages": ["en"], "time_zone": "UTC", "years": 10, "verified_at": timezone.now()}
    return Account.objects.create_user(f"member{number}@example.org", None, **(wanted | fields))


def code_of(secret: str) -> str:
    """Return what an authenticator app shows now. Source: RFC 6238."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD_S)))
