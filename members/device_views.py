"""The HTTP API of what a member is signed in with: tokens, devices to wake, sessions."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth import logout
from django.http import HttpRequest
from ninja import Router, Status

from members import devices, push, tokens
from members.auth import account_of, session_of, signed_in
from members.errors import NotFound
from members.models import Device, Token
from members.problems import PROBLEMS
from members.schemas import (
    DeviceShown,
    DeviceWanted,
    PushKey,
    SessionShown,
    TokenMade,
    TokenShown,
    TokenWanted,
)
from members.sessions import session_ref
from realtime.instants import to_ms

router = Router(tags=["devices"], auth=signed_in)


@router.get("/tokens", response={200: list[TokenShown], **PROBLEMS})
def list_tokens(request: HttpRequest) -> Any:
    """My tokens, newest first."""
    return [_token(token, request) for token in account_of(request).tokens.order_by("-created_at")]


@router.post("/tokens", response={201: TokenMade, **PROBLEMS})
def make_token(request: HttpRequest, wanted: TokenWanted) -> Any:
    """A token for a phone or a program; its secret is shown this once."""
    token, secret = tokens.create_token(account_of(request), wanted.name, days=wanted.days)
    return Status(201, {**_token(token, request), "token": secret})


@router.delete("/tokens/{token_id}", response={204: None, **PROBLEMS})
def end_token(request: HttpRequest, token_id: str) -> Any:
    """End a token; sockets opened by it close."""
    tokens.remove_token(account_of(request), token_id)
    return Status(204, None)


@router.get("/push-key", response={200: PushKey, **PROBLEMS})
def show_push_key(request: HttpRequest) -> Any:
    """The key with which a browser subscribes to push."""
    return {"key": push.public_key()}


@router.get("/devices", response={200: list[DeviceShown], **PROBLEMS})
def list_devices(request: HttpRequest) -> Any:
    """My devices that can be woken."""
    return [_device(device, request) for device in account_of(request).devices.order_by("-added_at")]


@router.post("/devices", response={201: DeviceShown, **PROBLEMS})
def add_device(request: HttpRequest, wanted: DeviceWanted) -> Any:
    """Let this device be woken by push."""
    device = devices.add_device(
        account_of(request), session_of(request), endpoint=wanted.endpoint, p256dh=wanted.keys.p256dh,
        auth=wanted.keys.auth, label=wanted.label)
    return Status(201, _device(device, request))


@router.delete("/devices/{device_id}", response={204: None, **PROBLEMS})
def remove_device(request: HttpRequest, device_id: str) -> Any:
    """Wake this device no more."""
    devices.remove_device(account_of(request), device_id)
    return Status(204, None)


@router.get("/sessions", response={200: list[SessionShown], **PROBLEMS})
def list_sessions(request: HttpRequest) -> Any:
    """Where I am signed in."""
    mine = UserSession.objects.purge_and_list(account_of(request))
    return [
        {
            "id": session_ref(session.session_key), "current": session_ref(session.session_key) == session_of(request),
            "created_at": to_ms(session.created_at), "last_seen_at": to_ms(session.last_seen_at),
            "browser": session.user_agent, "address": session.ip,
        }
        for session in mine
    ]


@router.delete("/sessions/{session_id}", response={204: None, **PROBLEMS})
def end_session(request: HttpRequest, session_id: str) -> Any:
    """Sign a session out; its sockets close."""
    for session in UserSession.objects.filter(user=account_of(request)):
        if session_ref(session.session_key) == session_id:
            session.end()
            if session_id == session_of(request):
                logout(request)
            return Status(204, None)
    raise NotFound


def _token(token: Token, request: HttpRequest) -> dict[str, Any]:
    return {
        "id": token.pk, "name": token.name, "created_at": to_ms(token.created_at),
        "expires_at": to_ms(token.expires_at),
        "last_used_at": to_ms(token.last_used_at) if token.last_used_at else None,
        "current": tokens.token_ref(token) == session_of(request),
    }


def _device(device: Device, request: HttpRequest) -> dict[str, Any]:
    return {"id": device.pk, "label": device.label, "added_at": to_ms(device.added_at),
            "current": device.session == session_of(request)}
