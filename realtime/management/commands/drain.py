"""``manage.py drain``: take a server of this machine out of readiness, send its clients away, and end it."""

import os
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Tell a running server to drain."""

    help = "Send the clients of the server on this port away, spread over CURBSIDE_DRAIN_S, and end it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which server: by its port."""
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        """Signal the process that `serve` wrote down."""
        try:
            os.kill(int((Path(settings.VAR_DIR) / f"serve-{port}.pid").read_text()), signal.SIGTERM)
        except (FileNotFoundError, ProcessLookupError, ValueError):
            raise CommandError(f"no server of ours is running on port {port}") from None
        self.stdout.write("draining")
