"""What members are shown of calls over HTTP: read only, a few queries a page. Names and masks, never a number."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from members.clinics import named_clinics, verified_places_of
from members.directory import names_of
from members.quiet import local, zone
from realtime import protocol as wire
from realtime.instants import to_ms
from voice.models import Attempt, Call, CallOutcome, CallRecord, CallRefusal, ClinicNumber
from voice.numbers import formatted
from voice.offers import offer_until
from voice.outcomes import outcome_until
from voice.permits import rulebook
from voice.reasons import SENTENCES
from voice.records import LEG_INSTANTS, describe_leg
from voice.refusals import REASONS
from voice.retries import retries_of, standing
from voice.sealed import open_in
from voice.shapes import or_none
from voice.slips import slip_until

PAGE: Final = 30
CHARTED: Final = timedelta(days=30)
CHARTED_MOST: Final = timedelta(days=92)
Row = TypeVar("Row", Call, CallRecord)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which calls of a clinic are wanted: instants, who made them, the reason, and whether anybody talked."""

    since: datetime | None = None
    until: datetime | None = None
    member: UUID | None = None
    reason: str = ""
    talked: bool | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Items, newest first, and the cursor of the page after."""

    items: list[dict[str, Any]]
    next: str | None


def own_calls(account: UUID, before: datetime | None) -> Page:
    """Return a member's own calls and refusals, newest first."""
    return _page(Q(account=account), Filters(), before, account, who=False)


def own_retries(account: UUID, now: datetime) -> list[dict[str, Any]]:
    """Return all of a member's calls that are still to be tried again, however long ago they were."""
    items = _items(retries_of(account, now), [], account, who=False)
    return [item for item in items if item["outcome"]["retry_stands"]]


def clinic_calls(clinic: UUID, filters: Filters, before: datetime | None, reader: UUID) -> Page:
    """Return all calls and refusals of a clinic, newest first, with who made them."""
    return _page(Q(clinic=clinic), filters, before, reader, who=True)


def describe(call: Call, now: datetime, reader: UUID, *, who: bool) -> dict[str, Any]:
    """Return one call with its legs, the rules that were asked, and until when a call back of it is taken, by whom."""
    [item] = _items([call], [], reader, who=who)
    attempts = call.attempts.order_by("dialing_at", "pk")
    return item | {
        "bridged_at": or_none(call.bridged_at),
        "ended_at": or_none(call.ended_at),
        "call_back_until": or_none(offer_until(call.pk, now)),
        "slip_until": or_none(slip_until(call.pk, now)),
        "outcome_until": or_none(outcome_until(call, now)),
        "legs": [_leg(attempt) for attempt in attempts],
        "decisions": [_decision(one) for one in call.decisions],
    }


def _leg(attempt: Attempt) -> dict[str, Any]:
    leg = describe_leg(attempt)
    return {name: leg[name] for name in ("side", "n", "way", *LEG_INSTANTS, "cause")} | {"sound": attempt.media}


def count_own(account: UUID, now: datetime) -> tuple[int, int]:
    """Return how many calls a member began in the last 24 hours, and in the last seven days."""
    week = Call.objects.filter(account=account, started_at__gt=now - timedelta(days=7))
    return week.filter(started_at__gt=now - timedelta(days=1)).count(), week.count()


def chart(clinic: UUID, filters: Filters, time_zone: str, now: datetime) -> dict[str, Any]:
    """Return minutes and calls by day, and how calls ended, of at most 92 days; days are those of the clinic.

    Nothing after now is charted. Raises Refusal `malformed` for a span that ends before it begins.
    """
    until = min(filters.until or now, now)
    since = max(filters.since or until - CHARTED, until - CHARTED_MOST)
    if since > until:
        raise wire.refuse("malformed")
    ended = filtered(Call.objects.filter(clinic=clinic, ended_at__isnull=False), replace(filters, since=since))
    by_day = ended.annotate(day=TruncDate("started_at", tzinfo=zone(time_zone) or UTC)).values("day").order_by("day")
    found = {row["day"]: row for row in by_day.annotate(n=Count("pk"), talked=Sum("talked_s"))}
    reasons = ended.values("reason").annotate(n=Count("pk")).order_by("-n", "reason")
    refusals = CallRefusal.objects.filter(clinic=clinic, at__gte=since, at__lt=until)
    first, last = local(since, time_zone).date(), local(until, time_zone).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {
        "days": [
            {"day": day.isoformat(), "calls": found[day]["n"] if day in found else 0,
             "minutes": round((found[day]["talked"] or 0) / 60, 1) if day in found else 0.0}
            for day in days
        ],
        "reasons": [{"reason": r["reason"], "says": SENTENCES.get(r["reason"], ""), "count": r["n"]} for r in reasons],
        "refusals": [
            {"reason": r["code"], "says": _refusal_says(r["code"]), "count": r["n"]}
            for r in refusals.values("code").annotate(n=Count("pk")).order_by("-n", "code")
        ],
    }  # fmt: skip


def _page(whose: Q, filters: Filters, before: datetime | None, reader: UUID, *, who: bool) -> Page:
    calls = filtered(Call.objects.filter(whose), filters).order_by("-started_at", "-pk").select_related("outcome")
    refusals = filtered_refusals(CallRefusal.objects.filter(whose), filters).order_by("-at", "-pk")
    if before is not None:
        calls, refusals = calls.filter(started_at__lt=before), refusals.filter(at__lt=before)
    items = _items(list(calls[: PAGE + 1]), list(refusals[: PAGE + 1]), reader, who=who)
    items.sort(key=lambda item: -int(item["at"]))
    more = len(items) > PAGE
    return Page(items[:PAGE], str(items[PAGE - 1]["at"]) if more else None)


def filtered(rows: QuerySet[Row], filters: Filters) -> QuerySet[Row]:
    """Return those calls, or records of calls, that the filters want."""
    wanted = {"started_at__gte": filters.since, "started_at__lt": filters.until, "account": filters.member,
              "reason": filters.reason or None}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    if filters.talked is None:
        return rows
    return rows.filter(bridged_at__isnull=not filters.talked)


def filtered_refusals(rows: QuerySet[CallRefusal], filters: Filters) -> QuerySet[CallRefusal]:
    """Return those refusals that the same filters want; nobody talked in one."""
    if filters.talked:
        return rows.none()
    wanted = {"at__gte": filters.since, "at__lt": filters.until, "account": filters.member,
              "code": filters.reason or None}
    return rows.filter(**{name: value for name, value in wanted.items() if value is not None})


def _items(
    calls: Sequence[Call], refusals: Sequence[CallRefusal], reader: UUID, *, who: bool
) -> list[dict[str, Any]]:
    """Describe rows. Who the patient is now is for those who belong to the clinic now; others keep the mask."""
    rows: list[Call | CallRefusal] = [*calls, *refusals]
    places = verified_places_of(reader)
    patients = rulebook().patients({row.patient for row in rows if row.patient and row.clinic in places})
    clinics = named_clinics({row.clinic for row in rows if row.clinic is not None})
    shown = _numbers({call.caller_id for call in calls})
    people = names_of({row.account for row in rows}) if who else {}
    retries = standing(calls, timezone.now())
    items = [_call(call, shown, call.pk in retries) for call in calls] + [_refusal(row) for row in refusals]
    for item, row in zip(items, rows, strict=True):
        clinic = row.clinic
        gone = {"id": str(clinic), "name": "", "time_zone": ""}
        item["clinic"] = None if clinic is None else clinics.get(clinic, gone)
        item["patient"] = patients.get(row.patient) if clinic in places else None
        item["who"] = people.get(row.account, "") if who else None
    return items


def _call(call: Call, shown: dict[str, str], retry_stands: bool) -> dict[str, Any]:
    outcome: CallOutcome | None = getattr(call, "outcome", None)
    retry = {"retry_at": or_none(outcome.retry_at), "retry_stands": retry_stands} if outcome else {}
    return {
        "r": call.pk,
        "at": to_ms(call.started_at),
        "state": "ended" if call.ended_at else "live",
        "stage": call.stage,
        "caller_id": call.caller_id,
        "shown": shown.get(call.caller_id),
        "mode": call.mode,
        "attestation": call.attestation,
        "way": call.way,
        "mask": call.patient_mask,
        "by": call.by,
        "cause": call.cause,
        "reason": call.reason,
        "says": SENTENCES.get(call.reason, ""),
        "talked_s": call.talked_s,
        "purpose": call.purpose,
        "outcome": outcome and {"how": outcome.how, "then": outcome.then, **retry},
    }


def _refusal(row: CallRefusal) -> dict[str, Any]:
    return {
        "r": row.pk,
        "at": to_ms(row.at),
        "state": "refused",
        "stage": "",
        "caller_id": "",
        "shown": None,
        "mode": "",
        "attestation": "",
        "way": "",
        "mask": row.mask,
        "by": "service",
        "cause": "refused",
        "reason": row.code,
        "says": _refusal_says(row.code),
        "talked_s": 0,
        "purpose": "",
        "outcome": None,
    }


def describe_refusal(row: CallRefusal, reader: UUID, *, who: bool) -> dict[str, Any]:
    """Return a call that was not begun, in the shape of one that was."""
    [item] = _items([], [row], reader, who=who)
    nothing = {"bridged_at": None, "ended_at": None, "call_back_until": None, "slip_until": None, "outcome_until": None}
    return item | nothing | {"legs": [], "decisions": []}


def _refusal_says(code: str) -> str:
    return REASONS.get(code, ("This call was refused.", False))[0]


def _numbers(ids: Collection[str]) -> dict[str, str]:
    rows = ClinicNumber.objects.filter(pk__in=ids)
    return {row.pk: formatted(open_in(row, "number")) for row in rows}


def _decision(one: dict[str, Any]) -> dict[str, Any]:
    """A rule's answer: its word, or how much of the limit was used before the call."""
    return {"rule": one["rule"], "says": one.get("says", ""), "used": one.get("used"), "limit": one.get("limit")}
