"""``manage.py serve``: the web server with everything in one process, uvicorn by default, Daphne by choice."""

import asyncio
import logging
import os
import signal
import warnings
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from realtime.heap import settle_heap
from realtime.process import current_hub, stop_hub

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Serve HTTP and WebSockets until SIGTERM, then drain."""

    requires_system_checks = []
    help = "Serve HTTP and the socket. SIGTERM, SIGINT or `manage.py drain` send the clients away and end it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Address, port and server."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--server", choices=("uvicorn", "daphne"), default="uvicorn")

    def handle(self, *args: Any, host: str, port: int, server: str, **options: Any) -> None:
        """Start the chosen server; the process id is kept for `manage.py drain`."""
        # WhiteNoise hands Django files that it reads in a thread; Django warns of each kind once, in plain text.
        warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume")
        pid_file = Path(settings.VAR_DIR) / f"serve-{port}.pid"
        pid_file.parent.mkdir(parents=True, exist_ok=True)
        pid_file.write_text(str(os.getpid()))
        try:
            (serve_uvicorn if server == "uvicorn" else serve_daphne)(host, port)
        finally:
            pid_file.unlink(missing_ok=True)


def serve_uvicorn(host: str, port: int) -> None:
    """Uvicorn with sockets of our own: no compression (a message is small, and compression leaks lengths), no pings."""
    from uvicorn import Config, Server

    from realtime.server import CurbsideHttp

    class DrainingServer(Server):
        """Sends the clients away in its own time before uvicorn closes what is left with 1012."""

        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            settle_heap()

        async def shutdown(self, sockets: Any = None) -> None:
            await stop_hub(settings.CURBSIDE_DRAIN_S)
            await super().shutdown(sockets)

    config = Config("asgi:application", host=host, port=port, loop="auto", http=CurbsideHttp,
                    ws="websockets-sansio", lifespan="on", access_log=False, log_config=None,
                    server_header=False, proxy_headers=settings.SECURE_PROXY_SSL_HEADER is not None,
                    timeout_keep_alive=30, timeout_graceful_shutdown=10)
    DrainingServer(config).run()


def serve_daphne(host: str, port: int) -> None:
    """Daphne, which has no lifespan: the hub is started and drained here."""
    from daphne.server import Server
    from twisted.internet import reactor as installed

    reactor: Any = installed
    application = import_string(settings.ASGI_APPLICATION)
    ending: list[asyncio.Future[Any]] = []

    def drain() -> None:
        async def end() -> None:
            await stop_hub(settings.CURBSIDE_DRAIN_S)
            reactor.stop()

        ending.append(asyncio.ensure_future(end()))

    def ready() -> None:
        ending.append(asyncio.ensure_future(current_hub()))
        settle_heap()
        loop = asyncio.get_event_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, drain)

    server = Server(application, endpoints=[f"tcp:port={port}:interface={host}"], signal_handlers=False,
                    ready_callable=ready, websocket_timeout=-1, ping_interval=3_600, ping_timeout=7_200,
                    websocket_handshake_timeout=10, server_name="curbside",
                    websocket_max_message_size=settings.CURBSIDE_LIMITS.frame_bytes * 4)
    server.run()
