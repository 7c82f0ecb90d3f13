"""The embedded default: ``make run``. SQLite, the in-process bus, demo members, no service and no account."""

import os

os.environ.setdefault("CURBSIDE_DEMO", "1")
os.environ.setdefault("CURBSIDE_BADGE_K", "1")
_url = os.environ.get("CURBSIDE_PUBLIC_URL", "http://localhost:8000")
os.environ.setdefault("CURBSIDE_ORIGINS", f"{_url},{_url.replace('localhost', '127.0.0.1')}")

from settings.base import *
