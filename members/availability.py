"""Who takes questions now: rings, quiet hours, the daily budget, and how availability ends.

Changes are told to the member's own inbox. Streams are locked before rows of this app, here as everywhere.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.dispatch import Signal

from members import push, rights, taxonomy, vault
from members.errors import Invalid, NotFound
from members.models import Account, Availability, AvailableFor, Interruption
from members.quiet import day_began, is_quiet
from realtime.commands import TimerHandler
from realtime.instants import to_ms
from realtime.log import writing
from realtime.timers import clear_timer, set_timer

LONGEST: Final = timedelta(hours=8)
MOST_MISSED: Final = 3
MOST_SPECIALTIES: Final = 6
RINGS: Final = (0, 1, 2)
TIMER: Final = "members.availability"
LONGEST_DAY: Final = timedelta(hours=26)  # the day on which clocks go back has 25 hours
became_available: Final = Signal()  # after the commit, with `specialties`: apps may offer what waits in them
Reason = Literal["", "ended", "time", "missed", "suspended"]


def find_available(*, specialty: str, language: str, ring: int, exclude: set[str], now: datetime) -> list[str]:
    """Return the account ids that this ring adds, those with the fewest offers today first.

    Ring 0: available for the specialty, which is their own. Ring 1: available, and of a related specialty. Ring 2:
    available for the specialty because they opted in to it. All rings: verified, reads the language ("" for any),
    outside quiet hours and within the daily budget. `exclude` holds account ids.
    """
    rows = _ring(specialty, ring).filter(
        on=True, until__gt=now, account__is_active=True, account__verified_at__isnull=False)
    people = [
        account
        for account in Account.objects.filter(availability__in=rows).only(
            "id", "languages", "time_zone", "quiet_from", "quiet_to", "daily_budget")
        if str(account.pk) not in exclude
        and (not language or language in account.languages)
        and not is_quiet(now, account.time_zone, account.quiet_from, account.quiet_to)
    ]
    used = _offers_today(people, now)
    free = [account for account in people if used[account.pk] < account.daily_budget]
    return [str(account.pk) for account in sorted(free, key=lambda account: (used[account.pk], account.pk))]


def _ring(specialty: str, ring: int) -> QuerySet[Availability]:
    opted_in = Q(pk__in=AvailableFor.objects.filter(specialty=specialty).values("availability"))
    own = Q(account__specialty=specialty) | Q(account__subspecialty=specialty)
    if ring == 0:
        return Availability.objects.filter(opted_in & own)
    if ring == 1:
        return Availability.objects.filter(account__specialty__in=taxonomy.related_to(specialty))
    return Availability.objects.filter(opted_in & ~own)


def _offers_today(accounts: Iterable[Account], now: datetime) -> Counter[object]:
    began = {account.pk: day_began(now, account.time_zone) for account in accounts}
    rows = Interruption.objects.filter(account__in=began, at__gt=now - LONGEST_DAY).values_list("account_id", "at")
    return Counter(account_id for account_id, at in rows if at >= began[account_id])


def offers_today(account: Account, now: datetime) -> int:
    """Return how many offers a member has had since midnight on their own clock."""
    return _offers_today([account], now)[account.pk]


def count_offer(member: str, now: datetime) -> None:
    """Count one offer against the member's budget of today."""
    Interruption.objects.filter(account_id=member, at__lt=now - LONGEST_DAY).delete()
    Interruption.objects.create(account_id=member, at=now)


def count_missed(member: str, now: datetime) -> None:
    """Count an offer that ran out without an answer; the third in a row ends the member's availability."""
    Availability.objects.filter(account_id=member, on=True).update(missed=F("missed") + 1)
    if Availability.objects.filter(account_id=member, on=True, missed__gte=MOST_MISSED).exists():
        end_availability(member, "missed")


def clear_missed(member: str) -> None:
    """Begin the count of missed offers anew: the member has answered one."""
    Availability.objects.filter(account_id=member, missed__gt=0).update(missed=0)


def check_specialties(specialties: list[str]) -> None:
    """Raise Invalid unless the list names one to six known specialties, each once."""
    if not specialties or len(specialties) > MOST_SPECIALTIES or len(set(specialties)) != len(specialties):
        raise Invalid("specialties", f"Choose from 1 to {MOST_SPECIALTIES} specialties.")
    if any(specialty not in taxonomy.SPECIALTIES for specialty in specialties):
        raise Invalid("specialties", "One of these specialties is not known.")


def set_availability(account: Account, on: bool, specialties: list[str], now: datetime) -> Availability:
    """Take questions for these specialties from `now` for eight hours, or take none any more.

    Switching on again starts the eight hours anew. Raises NotClinician, Invalid.
    """
    member = str(account.pk)
    if not on:
        end_availability(member, "ended")
        return availability_of(account)
    rights.check_clinician(account)
    check_specialties(specialties)
    inbox, _ = vault.inbox_of(member)
    until = now + LONGEST
    with writing(inbox) as log:
        row, _ = Availability.objects.update_or_create(
            account=account, defaults={"on": True, "since": now, "until": until, "reason": "", "missed": 0})
        row.fields.exclude(specialty__in=specialties).delete()
        AvailableFor.objects.bulk_create(
            [AvailableFor(availability=row, specialty=specialty) for specialty in specialties], ignore_conflicts=True)
        set_timer(TIMER, inbox, until)
        log.append(inbox, "availability.changed", {"on": True, "until": to_ms(until), "reason": None})
        transaction.on_commit(lambda: became_available.send(sender=None, specialties=specialties))
    return row


def end_availability(member: str, reason: Reason) -> bool:
    """Take the member off, say so in the inbox, and return whether that changed anything.

    A member who did not ask for it (`reason` is not "ended") is also woken.
    """
    if not Availability.objects.filter(account_id=member, on=True).exists():
        return False
    inbox, _ = vault.inbox_of(member)
    with writing(inbox) as log:
        changed = Availability.objects.filter(account_id=member, on=True).update(on=False, until=None, reason=reason)
        if not changed:
            return False
        clear_timer(TIMER, inbox)
        log.append(inbox, "availability.changed", {"on": False, "until": None, "reason": reason})
        if reason != "ended":
            transaction.on_commit(lambda: push.wake([member]))
    return True


def availability_of(account: Account) -> Availability:
    """Return the member's availability, off where nothing was ever set."""
    return Availability.objects.filter(account=account).first() or Availability(account=account)


def specialties_of(row: Availability) -> list[str]:
    """Return what a member takes questions for, by code."""
    fields = AvailableFor.objects.filter(availability=row.account_id)
    return list(fields.order_by("specialty").values_list("specialty", flat=True))


def _end_by_time(subject: str, now: datetime) -> None:
    """Handle the timer of an inbox: end availability unless it was renewed."""
    try:
        member = vault.owner_of_inbox(subject)
    except NotFound:
        return
    row = Availability.objects.filter(account_id=member, on=True).first()
    if row is None or row.until is None:
        return
    if row.until > now:
        set_timer(TIMER, subject, row.until)
    else:
        end_availability(member, "time")


TIMERS: dict[str, TimerHandler] = {TIMER: _end_by_time}
