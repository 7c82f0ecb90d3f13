"""Django's entry for the gate, which has no tables."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Rules for text."""

    name = "privacy"
