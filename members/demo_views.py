"""One-click sign-in of a demo. Where there is no demo, these addresses do not exist."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest
from django.middleware.csrf import get_token
from ninja import Router
from ninja.utils import check_csrf

from members import demo
from members.errors import NotFound
from members.models import Account
from members.problems import PROBLEMS
from members.schemas import DemoShown, DemoSignedIn, DemoSignIn
from members.taxonomy import ROLES, SPECIALTIES
from members.tokens import create_token, remove_token
from realtime.protocol import Refusal

BANNER = "Demo. No real patients. No call leaves this computer."
WINDOWS = 8  # of one person beside each other; the oldest gives way
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"

router = Router(tags=["demo"], auth=None)


@router.get("/demo", response={200: DemoShown, **PROBLEMS})
def show_demo(request: HttpRequest) -> Any:
    """The people whom one can be, with a CSRF cookie for the sign-in."""
    _check_demo()
    get_token(request)
    people = [
        {"who": person.who, "name": person.name, "role": ROLES[person.role].name,
         "specialty": SPECIALTIES[person.specialty].name if person.specialty else "", "place": person.place}
        for person in demo.PEOPLE if person.shown
    ]
    return {"people": people, "banner": BANNER}


@router.post("/demo/sign-in", response={200: DemoSignedIn, **PROBLEMS})
def sign_in(request: HttpRequest, wanted: DemoSignIn) -> Any:
    """Be one of them: by the browser's session, or by a token for one window."""
    _check_demo()
    if check_csrf(request) is not None:
        raise Refusal("csrf", "Reload the page and try again.", retry=True)
    person = next((person for person in demo.PEOPLE if person.shown and person.who == wanted.who), None)
    account = Account.objects.filter(email=person.email, is_active=True).first() if person else None
    if account is None:
        raise NotFound
    if wanted.beside:
        for window in account.tokens.filter(name=demo.WINDOW).order_by("-created_at")[WINDOWS - 1 :]:
            remove_token(account, window.pk)
        return {"name": account.name, "token": create_token(account, demo.WINDOW, days=1)[1]}
    login(request, account, backend=BACKEND)
    # The click stands for the password, for which allauth would ask before a second factor.
    record_authentication(request, account, method="demo", reauthenticated=True)
    return {"name": account.name}


def _check_demo() -> None:
    if not settings.CURBSIDE_DEMO:
        raise NotFound
