"""``manage.py demo``: the people and consults of the demo's first minute, with fresh clocks."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from consults import demo
from members.demo import PASSWORD, PEOPLE


class Command(BaseCommand):
    """Loads the demo; may be run again at every start. Refuses where CURBSIDE_DEMO is off."""

    requires_system_checks: list[str] = []  # they would load every address; `make run` is to be quick
    help = "Load demo members and consults, or refresh their clocks"

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the demo."""
        if not settings.CURBSIDE_DEMO:
            raise CommandError("CURBSIDE_DEMO is off: demo members sign in with one click.")
        demo.load(timezone.now())
        self.stdout.write("Demo members and consults are loaded. Sign in with one click, or by email:")
        for person in PEOPLE:
            if person.shown:
                self.stdout.write(f"  {person.name:<16} {person.email:<32} password: {PASSWORD}")
