"""``manage.py demo``: the people of the demo's first minute and what each app has of it, with fresh clocks."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from members.demo import PASSWORD, PEOPLE
from realtime.describing import ours


class Command(BaseCommand):
    """Loads the demo; may be run again at every start. Refuses where CURBSIDE_DEMO is off."""

    requires_system_checks: list[str] = []  # they would load every address; `make run` is to be quick
    help = "Load the demo, or refresh its clocks"

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the demo."""
        if not settings.CURBSIDE_DEMO:
            raise CommandError("CURBSIDE_DEMO is off: demo members sign in with one click.")
        # Apps do not import each other: each is asked by name for what it has of the demo.
        found = [import_module(f"{app}.demo") for app in ours() if find_spec(f"{app}.demo")]
        for module in found:
            if hasattr(module, "load"):
                module.load(timezone.now())
        self.stdout.write("The demo is loaded. Sign in with one click, or by email:")
        for person in PEOPLE:
            if person.shown:
                self.stdout.write(f"  {person.name:<16} {person.email:<32} password: {PASSWORD}")
        for module in found:
            if hasattr(module, "SAYS"):
                self.stdout.write(module.SAYS)
