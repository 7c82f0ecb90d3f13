"""Django's entry for the members."""

from django.apps import AppConfig


class MembersConfig(AppConfig):
    """Accounts, the vault of seats, availability and devices."""

    name = "members"
    verbose_name = "Members"

    def ready(self) -> None:
        """Listen for ended sessions, so that their sockets end too."""
        from members import sessions

        sessions.listen()
