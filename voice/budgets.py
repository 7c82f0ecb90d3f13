"""How much may be called: rows that reserve, counted under locks, so exact under any number of parallel requests.

A call reserves all that it may last when it begins and keeps what it lasted when it ends. Redis plays no part.
A day is the last 24 hours: midnight moves with the time zone, which a clinic chooses itself. A number that a member
calls for two clinics is two destinations: what is counted here names no number that clinics have in common.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.conf import settings

from realtime import rows, sql
from realtime.rows import Part
from realtime.sql import on_postgresql
from voice.models import ClinicLimits, Reservation
from voice.prices import cents_of, decision, price_of
from voice.refusals import refuse

if TYPE_CHECKING:
    from voice.policy import Destination

MINUTE_S: Final = 60
DAY: Final = timedelta(hours=24)
KEPT: Final = timedelta(days=10)  # whom a clinic called is looked up over a week, the longest look back


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


def limits_on(own: ClinicLimits | None) -> Limits:
    """Return the limits of a clinic whose own are these."""
    values = settings.CURBSIDE_CALL_LIMITS | {"longest_call_s": int(settings.CURBSIDE_CALL_SPANS["max_duration"])}
    if own is not None:
        values |= {name: getattr(own, name) for name in values if getattr(own, name, None) is not None}
    return Limits(**values)


def limits_of(clinic_id: str) -> Limits:
    """Return the limits of a clinic."""
    return limits_on(ClinicLimits.objects.filter(pk=UUID(clinic_id)).first())


def reserve(call_id: str, account_id: str, clinic_id: str, destination: "Destination", trunk: str,
            now: datetime) -> Reserved:
    """Reserve what a call may take, in the caller's transaction, and return how long it may last.

    Raises Refusal `call.budget_*`, whose ``d`` holds `used` and `limit`.
    """
    limits = limits_of(clinic_id)  # before the locks, which others wait for
    weighed, part = reserving(call_id, account_id, clinic_id, destination, trunk, limits, now)
    rows.send([part])
    return weighed


def reserving(call_id: str, account_id: str, clinic_id: str, destination: "Destination", trunk: str, limits: Limits,
              now: datetime) -> tuple[Reserved, Part]:
    """Weigh a call under the locks of its scopes, and return with it what stores the reservation.

    Two statements, which cannot be one: what is counted beside a lock was counted before the wait for it (PostgreSQL,
    READ COMMITTED). Raises Refusal as `reserve`.
    """
    lock_scopes(f"account:{account_id}", f"clinic:{clinic_id}", f"trunk:{trunk}")
    weighed = weigh(account_id, clinic_id, destination, trunk, limits, now)
    return weighed, rows.insert(Reservation(
        call=call_id, account=account_id, clinic=clinic_id, trunk=trunk, destination=destination.index,
        seconds=limits.longest_call_s, cents=cents_of(limits.longest_call_s, price_of(destination.region)),
        made_at=now))


def peek(account_id: str, clinic_id: str, destination: "Destination", trunk: str, now: datetime) -> Reserved:
    """Return what `reserve` would, and reserve nothing. Raises the same."""
    return weigh(account_id, clinic_id, destination, trunk, limits_of(clinic_id), now)


def release(call_id: str, now: datetime, talked_s: int) -> None:
    """Give back what a call reserved and did not use. Safe to repeat."""
    rows.send([releasing(call_id, now, talked_s)])


def releasing(call_id: str, now: datetime, talked_s: int) -> Part:
    """Return what gives back, to be sent with other statements. A minute costs what it did when it was reserved."""
    return Part(RELEASE, rows.given(now, talked_s, cents_of(talked_s, 1), call_id))


RELEASE: Final = (
    "UPDATE voice_reservation SET released_at = %s, seconds = %s, "
    f"cents = %s * (cents / coalesce(nullif((seconds + {MINUTE_S - 1}) / {MINUTE_S}, 0), 1)) "
    "WHERE call = %s AND released_at IS NULL"
)


def forget(now: datetime) -> int:
    """Remove what no budget counts any more; return how many rows. What has not been given back counts, however old.

    Whose call back comes in is looked up over the life of a slip: rows stay a day longer than that where it is long.
    """
    kept = max(KEPT, DAY + timedelta(hours=settings.CURBSIDE_SLIP_HOURS))
    return Reservation.objects.filter(made_at__lt=now - kept, released_at__isnull=False).delete()[0]


def lock_scopes(*keys: str) -> None:
    """Lock the scopes in one order for everybody. SQLite has one writer at a time and needs no more."""
    if not on_postgresql():
        return
    with sql.prepared() as cursor:
        cursor.execute(LOCK, [list(keys)])
        if len(cursor.fetchall()) < len(keys):
            cursor.execute("INSERT INTO voice_budgetscope (key) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING",
                           [sorted(keys)])
            cursor.execute(LOCK, [list(keys)])


LOCK: Final = "SELECT key FROM voice_budgetscope WHERE key = ANY(%s) ORDER BY key FOR UPDATE"


COUNTS: Final = (
    "SELECT own.*, here.*, (SELECT count(*) FROM voice_reservation WHERE trunk = %s AND released_at IS NULL) FROM ("
    "SELECT count(*) FILTER (WHERE released_at IS NULL), count(*) FILTER (WHERE made_at > %s), "
    "count(*) FILTER (WHERE made_at > %s), count(*) FILTER (WHERE made_at > %s), "
    "count(DISTINCT destination) FILTER (WHERE made_at > %s), "
    "count(*) FILTER (WHERE made_at > %s AND destination = %s) "
    "FROM voice_reservation WHERE account = %s AND (made_at > %s OR released_at IS NULL)) own, ("
    "SELECT count(*) FILTER (WHERE released_at IS NULL), coalesce(sum(seconds), 0), coalesce(sum(cents), 0) "
    "FROM voice_reservation WHERE clinic = %s AND (made_at > %s OR released_at IS NULL)) here"
)
"""Of the member: live, in this minute, hour and day, numbers of this hour, and whether it was one of them; of the
clinic: live, seconds and cents of this day; live calls of the trunk."""


def weigh(account_id: str, clinic_id: str, destination: "Destination", trunk: str, limits: Limits,
          now: datetime) -> Reserved:
    """Weigh a call that wants to begin against all that is reserved; one statement. Raises Refusal as `reserve`."""
    hour, day_ago = now - timedelta(hours=1), now - DAY
    account, clinic = UUID(account_id), UUID(clinic_id)
    with sql.prepared() as cursor:
        cursor.execute(COUNTS, rows.given(
            trunk, now - timedelta(minutes=1), hour, day_ago, hour, hour, destination.index, account, day_ago,
            clinic, day_ago))
        live, minute, in_hour, day, called, again, clinic_live, seconds, cents, lines = map(int, cursor.fetchone())
    weighing = Weighing(now)
    weighing.weigh("own_calls", "call.budget_yours", live, 1, 1)
    weighing.weigh("attempts_minute", "call.budget_minute", minute, 1, limits.attempts_minute, 60)
    weighing.weigh("attempts_hour", "call.budget_hour", in_hour, 1, limits.attempts_hour, 600)
    weighing.weigh("attempts_day", "call.budget_day", day, 1, limits.attempts_day, 3600)
    weighing.weigh("destinations_hour", "call.budget_destinations", called, not again, limits.destinations_hour, 600)
    weighing.weigh("concurrent_calls", "call.budget_clinic", clinic_live, 1, limits.concurrent_calls, 30)
    weighing.weigh("minutes_day", "call.budget_minutes", -(-seconds // MINUTE_S), limits.longest_call_s // MINUTE_S,
                   limits.minutes_day, 600)
    weighing.weigh("cents_day", "call.budget_spend", cents,
                   cents_of(limits.longest_call_s, price_of(destination.region)), limits.cents_day, 600)
    weighing.weigh("trunk_calls", "call.budget_trunk", lines, 1, limits.trunk_calls, 15)
    return Reserved(limits.longest_call_s, (*weighing.decisions, decision(destination.region)))
