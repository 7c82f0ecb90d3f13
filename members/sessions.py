"""Sessions as others know them: a digest instead of the key, and what ends together with a session.

Whoever signs out, is signed out or is suspended loses their live sockets within two seconds (``realtime.tickets``)
and the devices that were to be woken for that session.
"""

from typing import Any, cast

from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_delete
from django.http import HttpRequest

from members.marks import mark
from members.models import Account, Device
from realtime.tickets import revoke


def session_ref(session_key: str) -> str:
    """Return the word under which a session stands in tickets and on devices."""
    return mark("session", session_key, key="token")


def end_session(ref: str) -> None:
    """Close the sockets of a session and forget its devices."""
    Device.objects.filter(session=ref).delete()
    revoke(session=ref)


def end_sessions_of(account: Account) -> None:
    """End every browser session of a member, and close all their sockets, those of tokens included."""
    for session in UserSession.objects.filter(user=account):
        session.end()
    Device.objects.filter(account=account).delete()
    revoke(member=str(account.pk))


def listen() -> None:
    """Hear of sessions that begin and end, however they do: allauth alone would not list those of the admin."""
    user_logged_in.connect(_signed_in, dispatch_uid="members.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="members.signed_out")
    post_delete.connect(_session_removed, sender=UserSession, dispatch_uid="members.session_removed")


def _signed_in(sender: Any, request: HttpRequest | None, **kwargs: Any) -> None:
    if request is not None and "REMOTE_ADDR" in request.META:
        cast("Any", UserSession.objects).create_from_request(request)


def _signed_out(sender: Any, request: HttpRequest | None, **kwargs: Any) -> None:
    key = request.session.session_key if request is not None else None
    if key:
        UserSession.objects.filter(session_key=key).delete()
        end_session(session_ref(key))


def _session_removed(sender: Any, instance: UserSession, **kwargs: Any) -> None:
    end_session(session_ref(instance.session_key))
