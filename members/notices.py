"""Notices: something that a member must learn though they did not ask. Kept until it stands in their inbox.

Told by a timer and not at once, so that the answer to whoever caused it takes as long whether somebody is told or not,
and so that no inbox is locked behind other rows.
"""

from datetime import datetime
from typing import Any, Final

import orjson
from django.db import transaction
from django.utils import timezone

from members import push, vault
from members.models import Notice
from realtime.commands import TimerHandler
from realtime.log import writing
from realtime.sealing import seal, unseal
from realtime.timers import set_timer

TIMER: Final = "members.notice"


def tell(account_id: str, about: str, **d: Any) -> None:
    """Have a member told of something, in the caller's transaction. `d` is sealed, and shown to that member alone."""
    notice = Notice(account_id=account_id)
    notice.body = seal(orjson.dumps({"about": about, **d}), aad=_place(notice))
    notice.save()
    set_timer(TIMER, notice.pk, timezone.now())


def deliver(notice_id: str, now: datetime) -> None:
    """Put a notice into its member's inbox, once, and wake their devices."""
    notice = Notice.objects.filter(pk=notice_id).first()
    if notice is None:
        return
    member = str(notice.account_id)
    stream, _ = vault.inbox_of(member)
    with writing(stream) as w:
        if not Notice.objects.filter(pk=notice_id).delete()[0]:
            return
        w.append(stream, "notice", orjson.loads(unseal(notice.body, aad=_place(notice))))
        transaction.on_commit(lambda: push.wake([member]))


def _place(notice: Notice) -> str:
    return f"members_notice:{notice.pk}:body"


TIMERS: Final[dict[str, TimerHandler]] = {TIMER: deliver}
