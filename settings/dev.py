"""The embedded default: ``make run``. SQLite, the in-process bus, demo members, no service and no account."""

import os

os.environ.setdefault("CURBSIDE_DEMO", "1")
os.environ.setdefault("CURBSIDE_BADGE_K", "1")

from settings.base import *
