"""Django's entry for consults."""

from django.apps import AppConfig


class ConsultsConfig(AppConfig):
    """Live consults. Knows `realtime`, `members` and `privacy`; no other app."""

    name = "consults"

    def ready(self) -> None:
        """Offer what waits to those who become available, at once rather than at the next look."""
        from consults.timers import hasten
        from members.availability import became_available

        became_available.connect(hasten, dispatch_uid="consults.hasten")
