"""Tokens for phones and programs: shown once, kept as a keyed digest, with a name and an end."""

import secrets
from datetime import datetime, timedelta

from django.utils import timezone

from members.errors import Invalid, NotFound, TooMany
from members.marks import mark
from members.models import Account, Token
from realtime.tickets import revoke

PREFIX = "cbs_"
MOST = 20
LIFE = timedelta(days=90)
LONGEST_DAYS = 365
SEEN_EVERY = timedelta(minutes=5)  # so that a busy program costs no write per request


def create_token(account: Account, name: str, *, days: int = LIFE.days) -> tuple[Token, str]:
    """Store a token that ends in `days` and return it with its secret, which is not kept.

    Raises Invalid, TooMany.
    """
    if not name.strip() or len(name) > 80:
        raise Invalid("name", "Give the token a name of at most 80 characters.")
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid("days", f"A token lives from 1 to {LONGEST_DAYS} days.")
    now = timezone.now()
    account.tokens.filter(expires_at__lte=now).delete()
    if account.tokens.count() >= MOST:
        raise TooMany(f"You have {MOST} tokens. Remove one first.")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        account=account, mark=mark("token", secret, key="token"), name=name.strip(),
        expires_at=now + timedelta(days=days))
    return token, secret


def find_token(secret: str, now: datetime) -> Token | None:
    """Return the token of a secret with its account, unless it has ended or the account may not sign in."""
    if not secret.startswith(PREFIX) or len(secret) > 80:
        return None
    token = (Token.objects.select_related("account")
             .filter(mark=mark("token", secret, key="token"), expires_at__gt=now, account__is_active=True).first())
    if token and (token.last_used_at is None or now - token.last_used_at > SEEN_EVERY):
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def token_ref(token: Token) -> str:
    """Return the word under which a token stands in tickets and on devices."""
    return mark("token-session", token.pk, key="token")


def remove_token(account: Account, token_id: str) -> None:
    """End a token and the sockets that were opened by it. Raises NotFound."""
    token = account.tokens.filter(pk=token_id).first()
    if token is None:
        raise NotFound
    ref = token_ref(token)
    token.delete()
    account.devices.filter(session=ref).delete()
    revoke(session=ref)
