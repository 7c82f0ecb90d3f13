"""Django's entry for the wire."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    """Streams, events and the socket. Knows no app."""

    name = "realtime"
