"""Django's entry for consults."""

from django.apps import AppConfig


class ConsultsConfig(AppConfig):
    """Live consults. Knows `realtime`, `members` and `privacy`; no other app."""

    name = "consults"
