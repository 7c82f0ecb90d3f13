"""How much may be called: rows that reserve, counted under locks, so exact under any number of parallel requests.

A call reserves all that it may last when it begins and keeps what it lasted when it ends. Redis plays no part.
A day is the last 24 hours: midnight moves with the time zone, which a clinic chooses itself.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, Sum

from voice.models import BudgetScope, ClinicLimits, Reservation
from voice.prices import cents_of, decision, price_of
from voice.refusals import refuse

if TYPE_CHECKING:
    from voice.policy import Destination

MINUTE_S: Final = 60
DAY: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Reserved:
    """How long a call may last, and the counters it was weighed with, for the record."""

    max_s: int
    decisions: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for a clinic: the settings, with the clinic's own in their place."""

    concurrent_calls: int
    trunk_calls: int
    attempts_minute: int
    attempts_hour: int
    attempts_day: int
    destinations_hour: int
    minutes_day: int
    cents_day: int
    longest_call_s: int


@dataclass(slots=True)
class Weighing:
    """The counters of one call that wants to begin, and what each may be at most."""

    now: datetime
    decisions: list[dict[str, Any]] = field(default_factory=list)

    def weigh(self, rule: str, code: str, used: int, wanted: int, limit: int, after: float | None = None) -> None:
        """Note a counter. Raises Refusal where what is wanted goes beyond the limit."""
        if used + wanted > limit:
            raise refuse(code, d={"used": used, "limit": limit}, after=after)
        self.decisions.append({"rule": rule, "used": used, "limit": limit})


def limits_of(clinic_id: str) -> Limits:
    """Return the limits of a clinic."""
    values = settings.CURBSIDE_CALL_LIMITS | {"longest_call_s": int(settings.CURBSIDE_CALL_SPANS["max_duration"])}
    own = ClinicLimits.objects.filter(pk=UUID(clinic_id)).first()
    if own is not None:
        values |= {name: getattr(own, name) for name in values if getattr(own, name, None) is not None}
    return Limits(**values)


def reserve(call_id: str, account_id: str, clinic_id: str, destination: "Destination", trunk: str,
            now: datetime) -> Reserved:
    """Reserve what a call may take, in the caller's transaction, and return how long it may last.

    Raises Refusal `call.budget_*`, whose ``d`` holds `used` and `limit`.
    """
    limits = limits_of(clinic_id)  # before the locks, which others wait for
    lock_scopes(f"account:{account_id}", f"clinic:{clinic_id}", f"trunk:{trunk}")
    weighed = _weigh(account_id, clinic_id, destination, trunk, limits, now)
    Reservation.objects.create(
        call=call_id, account=account_id, clinic=clinic_id, trunk=trunk, destination=destination.index,
        seconds=limits.longest_call_s, cents=cents_of(limits.longest_call_s, price_of(destination.region)),
        made_at=now)
    return weighed


def peek(account_id: str, clinic_id: str, destination: "Destination", trunk: str, now: datetime) -> Reserved:
    """Return what `reserve` would, and reserve nothing. Raises the same."""
    return _weigh(account_id, clinic_id, destination, trunk, limits_of(clinic_id), now)


def release(call_id: str, now: datetime, talked_s: int) -> None:
    """Give back what a call reserved and did not use. Safe to repeat."""
    row = Reservation.objects.filter(pk=call_id, released_at=None).first()
    if row is not None:
        price = row.cents // (-(-row.seconds // MINUTE_S) or 1)  # as it was reserved, whatever it is by now
        cents = cents_of(talked_s, price)
        Reservation.objects.filter(pk=call_id, released_at=None).update(
            released_at=now, seconds=talked_s, cents=cents)


def lock_scopes(*keys: str) -> None:
    """Lock the scopes in one order for everybody. SQLite has one writer at a time and needs no more."""
    scopes = BudgetScope.objects.filter(key__in=keys).select_for_update().order_by("key")
    if len(scopes) < len(keys):
        BudgetScope.objects.bulk_create([BudgetScope(key=key) for key in sorted(keys)], ignore_conflicts=True)
        list(scopes.all())


def _weigh(account_id: str, clinic_id: str, destination: "Destination", trunk: str, limits: Limits,
           now: datetime) -> Reserved:
    weighing = Weighing(now)
    _weigh_member(weighing, limits, account_id, destination)
    _weigh_clinic(weighing, limits, clinic_id, destination)
    live = Reservation.objects.filter(trunk=trunk, released_at=None).count()
    weighing.weigh("trunk_calls", "call.budget_trunk", live, 1, limits.trunk_calls, 15)
    return Reserved(limits.longest_call_s, (*weighing.decisions, decision(destination.region)))


def _weigh_member(weighing: Weighing, limits: Limits, account_id: str, destination: "Destination") -> None:
    now = weighing.now
    hour = now - timedelta(hours=1)
    rows = Reservation.objects.filter(account=account_id)
    used = rows.filter(Q(made_at__gt=now - DAY) | Q(released_at=None)).aggregate(
        live=Count("pk", filter=Q(released_at=None)),
        minute=Count("pk", filter=Q(made_at__gt=now - timedelta(minutes=1))),
        hour=Count("pk", filter=Q(made_at__gt=hour)),
        day=Count("pk", filter=Q(made_at__gt=now - DAY)),
    )
    weighing.weigh("own_calls", "call.budget_yours", used["live"], 1, 1)
    weighing.weigh("attempts_minute", "call.budget_minute", used["minute"], 1, limits.attempts_minute, 60)
    weighing.weigh("attempts_hour", "call.budget_hour", used["hour"], 1, limits.attempts_hour, 600)
    weighing.weigh("attempts_day", "call.budget_day", used["day"], 1, limits.attempts_day, 3600)
    called = set(rows.filter(made_at__gt=hour).values_list("destination", flat=True).distinct())
    weighing.weigh("destinations_hour", "call.budget_destinations", len(called), destination.index not in called,
                   limits.destinations_hour, 600)


def _weigh_clinic(weighing: Weighing, limits: Limits, clinic_id: str, destination: "Destination") -> None:
    rows = Reservation.objects.filter(Q(made_at__gt=weighing.now - DAY) | Q(released_at=None), clinic=clinic_id)
    used = rows.aggregate(live=Count("pk", filter=Q(released_at=None)), seconds=Sum("seconds"), cents=Sum("cents"))
    weighing.weigh("concurrent_calls", "call.budget_clinic", used["live"], 1, limits.concurrent_calls, 30)
    minutes = -(-(used["seconds"] or 0) // MINUTE_S)
    weighing.weigh("minutes_day", "call.budget_minutes", minutes, limits.longest_call_s // MINUTE_S,
                   limits.minutes_day, 600)
    weighing.weigh("cents_day", "call.budget_spend", used["cents"] or 0,
                   cents_of(limits.longest_call_s, price_of(destination.region)), limits.cents_day, 600)
