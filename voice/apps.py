"""Django's entry for masked calls."""

from django.apps import AppConfig


class VoiceConfig(AppConfig):
    """Calls to patients. Knows `realtime`, `members` and `privacy`; no other app."""

    name = "voice"
    verbose_name = "Calls"

    def ready(self) -> None:
        """Leave a slip after a call that was not answered, and say what a member holds and what ends with them."""
        from members.clinic_members import register_part
        from members.standing import register_ending
        from voice import slips
        from voice.holding import AFTERWARDS
        from voice.parts import PARTS, end_calls

        AFTERWARDS.append(slips.leave_after)
        for part in PARTS:
            register_part(part)
        register_ending(end_calls)
