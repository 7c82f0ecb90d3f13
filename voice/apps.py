"""Django's entry for masked calls."""

from django.apps import AppConfig


class VoiceConfig(AppConfig):
    """Calls to patients. Knows `realtime`, `members` and `privacy`; no other app."""

    name = "voice"
    verbose_name = "Calls"

    def ready(self) -> None:
        """Have a slip after a call that was not answered, wait for its outcome, say what a member holds for a clinic."""
        from members.clinic_members import register_part
        from voice import outcomes, slips
        from voice.holding import AFTERWARDS
        from voice.parts import PARTS

        AFTERWARDS.extend((slips.leave_after, outcomes.wait_for_outcome))
        for part in PARTS:
            register_part(part)
