"""``manage.py runmedia``: a media worker, which carries the sound of calls over a browser. SIGTERM drains it."""

from __future__ import annotations

import os
import signal
from argparse import ArgumentParser
from typing import Any

import uvloop
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from realtime.heap import settle_heap
from voice.carriers.sip_trunks import check_trunks, make_lines
from voice.media_planes import make_plane
from voice.media_worker import MediaWorker
from voice.planes import SIP


class Command(BaseCommand):
    """Carry the sound of calls until told to stop, and then until those that go on have ended, or time is over."""

    requires_system_checks: list[str] = []
    help = "Run a media worker. Several may run at once. SIGTERM ends it when its calls have ended, or after a while."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose child it is."""
        parser.add_argument("--with-parent", type=int, metavar="PID", help="end when this process, its parent, ends")

    def handle(self, *args: Any, with_parent: int | None, **options: Any) -> None:
        """Run until a signal comes."""
        over_sip = settings.CURBSIDE_CARRIER == SIP
        if over_sip:
            try:
                check_trunks()
            except ImproperlyConfigured as error:
                raise CommandError(str(error)) from None
        wanted = (lambda: os.getppid() == with_parent) if with_parent else (lambda: True)
        uvloop.run(serve(MediaWorker(make_plane, wanted, make_lines if over_sip else None)))


async def serve(worker: MediaWorker) -> None:
    """Run a worker in this event loop, and have signals stop it."""
    import asyncio

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    settle_heap()
    await worker.run()
