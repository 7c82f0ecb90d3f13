"""Django's admin for accounts and clinics: enough to verify, suspend and let in again. The vault is not in it."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from members import badges, clinics, services
from members.models import Account, Clinic
from realtime.protocol import Refusal

if TYPE_CHECKING:
    AccountPage = admin.ModelAdmin[Account]
    ClinicPage = admin.ModelAdmin[Clinic]
else:
    AccountPage = ClinicPage = admin.ModelAdmin


@admin.register(Account)
class AccountAdmin(AccountPage):
    """Accounts by email and name, without passwords and inboxes."""

    list_display = ("email", "name", "role", "specialty", "verified_at", "suspended_at")
    list_filter = ("role", "specialty", "region", "is_staff")
    search_fields = ("email", "name")
    exclude = ("password", "inbox", "groups", "user_permissions")
    readonly_fields = ("last_login", "joined_at", "suspended_at", "is_active", "verified_at")
    actions = ("verify", "suspend", "reinstate")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: ``manage.py create_member`` adds a member together with the confirmed email."""
        return False

    @admin.action(description="The three checks stand")
    def verify(self, request: HttpRequest, accounts: QuerySet[Account]) -> None:
        """Mark accounts as verified from now."""
        accounts.filter(verified_at=None).update(verified_at=timezone.now())
        badges.forget_classes()

    @admin.action(description="Suspend: signs out everywhere, closes live sockets")
    def suspend(self, request: HttpRequest, accounts: QuerySet[Account]) -> None:
        """Shut members out."""
        for account in accounts:
            services.suspend(account, timezone.now())

    @admin.action(description="End the suspension")
    def reinstate(self, request: HttpRequest, accounts: QuerySet[Account]) -> None:
        """Let members in again."""
        for account in accounts:
            services.reinstate(account)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        """Delete one by one, so that sockets close and seats stay."""
        for account in queryset:
            self.delete_model(request, account)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Shut the member out, then remove the account."""
        services.suspend(obj, timezone.now())
        obj.delete()


@admin.register(Clinic)
class ClinicAdmin(ClinicPage):
    """Clinics that wait, are verified or suspended; by what one was verified is written down first."""

    list_display = ("name", "country", "state", "asked_at", "verified_at", "verified_by")
    list_filter = ("state", "country")
    search_fields = ("name",)
    readonly_fields = ("name", "country", "time_zone", "state", "asked_at", "verified_at", "verified_by")
    actions = ("verify", "suspend")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: a member asks for a clinic, and is its first administrator."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: its call records stay with it. One that should not act is suspended."""
        return False

    @admin.action(description="Verify the clinic and its first administrator")
    def verify(self, request: HttpRequest, wanted: QuerySet[Clinic]) -> None:
        """Let clinics act, those for which it is written down by what they were verified."""
        for clinic in wanted:
            try:
                clinics.verify_clinic(clinic, cast("Account", request.user), timezone.now())
            except Refusal as refusal:
                self.message_user(request, f"{clinic.name}: {refusal.msg}", messages.ERROR)

    @admin.action(description="Suspend: nobody calls in its name")
    def suspend(self, request: HttpRequest, wanted: QuerySet[Clinic]) -> None:
        """Stop all that is done in a clinic's name."""
        for clinic in wanted:
            clinics.suspend_clinic(clinic)
