"""One's own phone over HTTP: added, proved by a code, removed. It is shown to oneself alone, and as a mask."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Status

from members.auth import account_of, signed_in
from members.models import Account
from members.problems import PROBLEMS
from voice import phones
from voice.models import OwnPhone
from voice.numbers import formatted
from voice.views.number_schemas import CodeHeard, PhoneShown, PhoneWanted

router = Router(tags=["phone"], auth=signed_in)


@router.get("/phone", response={200: PhoneShown | None, **PROBLEMS})
def show_phone(request: HttpRequest) -> Any:
    """The phone on which I am rung first; null where there is none."""
    return _phone(account_of(request))


@router.post("/phone", response={201: PhoneShown, **PROBLEMS})
def add_phone(request: HttpRequest, wanted: PhoneWanted) -> Any:
    """Have a phone called with a code. A phone that is in use stays so until the new one may be used."""
    phones.add_phone(account_of(request), wanted.number, timezone.now())
    return Status(201, _phone(account_of(request)))


@router.post("/phone/prove", response={200: PhoneShown, **PROBLEMS})
def prove_phone(request: HttpRequest, heard: CodeHeard) -> Any:
    """Say the code that was heard. The first phone is used at once, another one a day later."""
    phones.prove_phone(account_of(request), heard.code, timezone.now())
    return _phone(account_of(request))


@router.delete("/phone", response={204: None, **PROBLEMS})
def remove_phone(request: HttpRequest) -> Any:
    """Ring none of my phones any more."""
    phones.remove_phones(account_of(request), timezone.now())
    return Status(204, None)


def _phone(account: Account) -> dict[str, Any] | None:
    if not OwnPhone.objects.filter(account=account, removed_at=None).exists():
        return None
    shown = phones.show_phone(str(account.pk), timezone.now())
    waiting = shown["waiting"]
    mask = shown["mask"] or (waiting["mask"] if waiting else None)
    return {**shown, "mask": mask, "service_number": formatted(settings.CURBSIDE_SERVICE_NUMBER)}
