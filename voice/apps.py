"""Django's entry for masked calls."""

from django.apps import AppConfig


class VoiceConfig(AppConfig):
    """Calls to patients. Knows `realtime`, `members` and `privacy`; no other app."""

    name = "voice"
    verbose_name = "Calls"
