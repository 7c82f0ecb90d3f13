"""Django's entry for masked calls."""

from django.apps import AppConfig


class VoiceConfig(AppConfig):
    """Calls to patients. Knows `realtime`, `members` and `privacy`; no other app."""

    name = "voice"
    verbose_name = "Calls"

    def ready(self) -> None:
        """Say what follows a call that has ended, what a member holds and what ends with them; look at the prices."""
        from members.parts import register_part
        from members.standing import register_ending
        from realtime.metrics import register_gauges
        from voice import outcomes, slips
        from voice.ending import end_calls
        from voice.gauges import read_gauges
        from voice.held import AFTERWARDS
        from voice.parts import PARTS
        from voice.prices import check_regions

        check_regions()
        AFTERWARDS.extend((slips.leave_after, outcomes.wait_for_outcome))
        for part in PARTS:
            register_part(part)
        register_ending(end_calls)
        register_gauges(read_gauges)
