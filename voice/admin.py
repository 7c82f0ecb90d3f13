"""Django's admin for calls: what the platform team sets. No number, no patient and no member's phone is in it."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from voice.models import CallPause, ClinicLimits, RegionException

if TYPE_CHECKING:
    LimitsPage = admin.ModelAdmin[ClinicLimits]
    RegionPage = admin.ModelAdmin[RegionException]
    PausePage = admin.ModelAdmin[CallPause]
else:
    LimitsPage = RegionPage = PausePage = admin.ModelAdmin


@admin.register(ClinicLimits)
class ClinicLimitsAdmin(LimitsPage):
    """A clinic's own limits and calling hours; what is empty is as in the settings."""

    list_display = ("clinic", "concurrent_calls", "minutes_day", "cents_day", "hours_from", "hours_to")


@admin.register(RegionException)
class RegionExceptionAdmin(RegionPage):
    """Regions that a clinic may call besides its own country, until a day."""

    list_display = ("clinic", "region", "until", "reason")
    list_filter = ("region",)


@admin.register(CallPause)
class CallPauseAdmin(PausePage):
    """Pauses, to look at: they are the audit of who stopped calls when and why. The place Platform sets them."""

    list_display = ("clinic", "since", "by", "reason", "ended_at", "ended_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: whoever pauses says why, which this page would not ask."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: CallPause | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CallPause | None = None) -> bool:
        """Nobody."""
        return False
