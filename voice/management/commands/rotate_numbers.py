"""``manage.py rotate_numbers``: seal numbers and patients anew, after a key was added to CURBSIDE_NUMBER_KEYS."""

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand

from voice.rotation import rotate
from voice.sealed import current_version


class Command(BaseCommand):
    """May be broken off and run again; servers go on meanwhile, if they know the new key."""

    help = "Seal what lies under an older key version anew. Run it once every process was started with the new key."

    def handle(self, *args: Any, **options: Any) -> None:
        """Renew, and say how much."""
        renewed: Counter[str] = Counter()
        for table, count in rotate():
            renewed[table] += count
        for table, count in sorted(renewed.items()):
            self.stdout.write(f"  {table:<14} {count}")
        self.stdout.write(f"All numbers and patients lie under key version {current_version()}.")
