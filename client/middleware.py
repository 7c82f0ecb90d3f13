"""Compresses the client's files on their way out, where no proxy does: the first load is on a phone, over 3G.

Only static files and the shell: they hold nothing of anybody, so that their length tells nothing (BREACH).
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressClient(GZipMiddleware):
    """Django's GZipMiddleware for the client's files alone."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        """Compress a static file; leave everything else as it is."""
        if not request.path.startswith(settings.STATIC_URL):
            return response
        return super().process_response(request, response)
