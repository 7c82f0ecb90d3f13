"""A real installation. Refuses to start with what only a demo may have."""

from django.core.exceptions import ImproperlyConfigured

from settings.base import *
from settings.base import CURBSIDE_DEMO, CURBSIDE_MASTER_KEPT, DEBUG, SECURE

if DEBUG or CURBSIDE_DEMO:
    raise ImproperlyConfigured("CURBSIDE_DEBUG and CURBSIDE_DEMO must be off here")
if CURBSIDE_MASTER_KEPT:
    raise ImproperlyConfigured("CURBSIDE_MASTER_KEY must be set here, and kept outside the database and its backups")
if not SECURE:
    raise ImproperlyConfigured("CURBSIDE_PUBLIC_URL must begin with https:// here")

SECURE_SSL_REDIRECT = False  # the proxy's work; a health check speaks plain HTTP
SECURE_HSTS_SECONDS = 31_536_000
