"""Who comes into Django's admin: whoever signed in in the client, by the second factor and under the limits there.

Django's own form asks for a password alone, as often as one likes, so it is not served.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

SIGN_IN = "/sign-in"


@never_cache
def sign_in_elsewhere(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Stand for the admin's sign-in, whatever the method: take no password, send to the client's own sign-in.

    Raises PermissionDenied for a member who is signed in and has no staff status.
    """
    if not request.user.is_authenticated:
        return HttpResponseRedirect(SIGN_IN)
    if not (request.user.is_active and request.user.is_staff):
        raise PermissionDenied
    return HttpResponseRedirect(reverse("admin:index"))
