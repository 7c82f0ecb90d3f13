"""Settings of the tests: a database in a file, quick password hashes, nothing that leaves the machine.

``CURBSIDE_TEST_DATABASE_URL`` names another database for a whole run of the tests.
"""

import atexit
import os
import shutil
import tempfile

if "CURBSIDE_VAR_DIR" not in os.environ:
    os.environ["CURBSIDE_VAR_DIR"] = tempfile.mkdtemp(prefix="curbside-test-")
    atexit.register(shutil.rmtree, os.environ["CURBSIDE_VAR_DIR"], ignore_errors=True)
if os.environ.get("CURBSIDE_TEST_DATABASE_URL"):
    os.environ["CURBSIDE_DATABASE_URL"] = os.environ["CURBSIDE_TEST_DATABASE_URL"]

from settings.base import *
from settings.base import DATABASES

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": DATABASES["default"]["NAME"] + ".test"}
else:
    DATABASES["default"]["OPTIONS"]["options"] = "-c curbside.truncate=on"  # records are append-only; tests start anew
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CURBSIDE_DEMO = True
CURBSIDE_BADGE_K = 1
