"""The embedded default: ``make run``. SQLite, the in-process bus, demo members, no service and no account."""

import os

os.environ.setdefault("CURBSIDE_DEMO", "1")
os.environ.setdefault("CURBSIDE_BADGE_K", "1")
os.environ.setdefault("CURBSIDE_PUBLIC_URL", "http://localhost:8000")
os.environ.setdefault("CURBSIDE_ORIGINS", ",".join(
    os.environ["CURBSIDE_PUBLIC_URL"].replace("localhost", name) for name in ("localhost", "127.0.0.1")))

from settings.base import *
