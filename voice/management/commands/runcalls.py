"""``manage.py runcalls``: the call loop. SIGTERM and SIGINT drain it."""

from __future__ import annotations

import os
import signal
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from voice.loop import Loop


class Command(BaseCommand):
    """Ask the carriers for what is to be done, and keep the calls' timers, until told to stop."""

    requires_system_checks: list[str] = []
    help = "Run the call loop. Several may run at once. SIGTERM ends it once what it has asked is answered."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many requests at once."""
        parser.add_argument("--threads", type=int, default=None, help="requests to a carrier at once")
        parser.add_argument("--with-parent", type=int, metavar="PID", help="end when this process, its parent, ends")

    def handle(self, *args: Any, threads: int | None, with_parent: int | None, **options: Any) -> None:
        """Run until a signal comes."""
        loop = Loop(threads, wanted=(lambda: os.getppid() == with_parent) if with_parent else (lambda: True))

        def stop(number: int, frame: FrameType | None) -> None:
            loop.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        loop.run()
