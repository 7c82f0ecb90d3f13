"""Django's admin for accounts: enough to verify, suspend and let in again. The vault is not in it."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from members import badges, services
from members.models import Account

if TYPE_CHECKING:
    AccountPage = admin.ModelAdmin[Account]
else:
    AccountPage = admin.ModelAdmin


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
