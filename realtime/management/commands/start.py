"""``manage.py start``: what ``make run`` does once installed: migrate, load the demo, say where, serve, carry calls."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    """Start the embedded installation."""

    requires_system_checks = []  # `make test` runs them; here they cost a second of waiting
    help = "Migrate, load or refresh the demo, and serve."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Address, port and server, as `serve` takes them."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--server", choices=("uvicorn", "daphne"), default="uvicorn")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is missing, then serve until it is stopped."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Preparing the database")
            call_command("migrate", verbosity=0)
        if settings.CURBSIDE_DEMO and "demo" in get_commands():
            call_command("demo")
        self.stdout.write(f"Curbside runs at http://localhost:{options['port']}  (stop it with Ctrl-C)")
        self.stdout.flush()
        connection.close()
        with workers():
            call_command("serve", **{key: options[key] for key in ("host", "port", "server")})


BESIDE: Final = ("runcalls", "runmedia")
"""What runs in processes of their own, where an app has it: the call loop, and the worker that carries sound."""


@contextmanager
def workers() -> Iterator[None]:
    """Run what an app has beside the server; it ends when this process does, however it does."""
    known = get_commands()
    started = [
        subprocess.Popen(  # noqa: S603  (our own commands)
            [sys.executable, "-m", "django", name, "--with-parent", str(os.getpid())], cwd=settings.BASE_DIR)
        for name in BESIDE if name in known
    ]  # fmt: skip
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(20)
