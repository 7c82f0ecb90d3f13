"""Members for tests: quick to make, all different."""

from itertools import count
from typing import Any

from django.utils import timezone

from members.models import Account

_numbers = count(1)


def make_member(**fields: Any) -> Account:
    """Store and return a verified cardiologist in Europe who reads English, unless told otherwise."""
    number = next(_numbers)
    wanted = {
        "name": f"Member {number}", "role": "physician", "specialty": "cardiology", "region": "Europe",
        "languages": ["en"], "time_zone": "UTC", "years": 10, "verified_at": timezone.now()}
    return Account.objects.create_user(f"member{number}@example.org", None, **(wanted | fields))
