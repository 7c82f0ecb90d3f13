"""Issues of a consult's summary: made at its end and after every change since; their text is never stored.

The text is written again from the log when it is asked for, so that what was taken away is in no summary either.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings

from consults import people, summaries
from consults.domain import Role, State
from consults.models import Consult, Participant, Summary
from consults.summaries import Entry, Facts
from realtime.log import read_events
from realtime.models import Event, new_id
from realtime.protocol import Refusal, refuse

_PAGE: Final = 500
_ASKING: Final = " (asking)"
_CHANGES: Final = {"edit": "changed", "redact": "withdrawn", "consult.reopened": "reopened"}


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a summary's content after it was issued: `changed`, `withdrawn` or `reopened`."""

    at: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class Served:
    """A summary as a participant gets it. `changes` are those since the first issue was made."""

    text: str
    n: int
    changes: tuple[Change, ...]

    @property
    def outdated(self) -> bool:
        """Whether a copy of an earlier issue no longer says what stands here."""
        return bool(self.changes)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a pasted summary is ours word for word, when it was made, and what happened since."""

    valid: bool
    made_at: datetime | None = None
    changes: tuple[Change, ...] = ()


def issue_summary(consult: Consult, *, upto: int, now: datetime) -> None:
    """Make the next issue, which covers the events up to `upto`; earlier ones are outdated by what lies between."""
    n = Summary.objects.filter(consult=consult).count() + 1
    issue = Summary(id=new_id(), consult=consult, n=n, upto=upto, made_at=now)
    issue.digest = summaries.digest_of(_write(issue))
    issue.save(force_insert=True)


def access_summary(consult: Consult) -> Served:
    """Return the newest issue of an ended consult.

    Raises Refusal `not_found` (none is made), `consult.open`, `consult.erased` (after its retention time).
    """
    issues = list(Summary.objects.filter(consult=consult).order_by("n"))
    if consult.state != State.ENDED:
        raise Refusal("consult.open", "The summary is made when the consult has ended.")
    if not issues:
        raise refuse("not_found")
    if consult.stream.erased_at is not None:
        raise Refusal("consult.erased", "The text of this consult was erased after its retention time.")
    return Served(_write(issues[-1]), issues[-1].n, _changes_since(issues[0]))


def verify(pasted: str) -> Verdict:
    """Say whether a pasted summary is genuine and what happened since. Anyone who has the text may ask."""
    found = summaries.find(pasted)
    if found is None or not summaries.is_genuine(found, _key()):
        return Verdict(valid=False)
    issue = Summary.objects.filter(pk=found.id).first()
    if issue is None:
        return Verdict(valid=True)
    return Verdict(valid=True, made_at=issue.made_at, changes=_changes_since(issue))


def _changes_since(issue: Summary) -> tuple[Change, ...]:
    rows = (
        Event.objects.filter(stream=issue.consult_id, seq__gt=issue.upto, kind__in=_CHANGES)
        .order_by("seq")
        .values_list("ts", "kind", "target")
    )
    return tuple(
        Change(_instant(ts), _CHANGES[kind]) for ts, kind, target in rows if target is None or target <= issue.upto
    )


def _key() -> bytes:
    key: bytes | None = settings.CURBSIDE_SUMMARY_KEY
    assert key is not None, "the settings derive one"
    return key


def _write(issue: Summary) -> str:
    events = _read_upto(issue.consult_id, issue.upto)
    asked = events[0]
    ended = next(e for e in reversed(events) if e["k"] == "consult.ended")
    labels = _labels(issue.consult_id)
    facts = Facts(
        id=issue.pk,
        n=issue.n,
        made_at=issue.made_at,
        specialty=people.name_specialty(asked["d"]["specialty"]),
        urgency=asked["d"]["urgency"],
        asked_by=labels[asked["u"]].removesuffix(_ASKING),
        asked_at=_instant(asked["ts"]),
        question=asked["d"]["question"],
        ended_at=_instant(ended["ts"]),
        end=ended["d"]["state"],
        outcome=ended["d"].get("outcome", ""),
        note=ended["d"].get("note", ""),
        entries=_entries(events, labels),
        verify_at=f"{settings.CURBSIDE_PUBLIC_URL}/verify",
    )
    return summaries.write(facts, _key())


def _entries(events: list[dict[str, Any]], labels: dict[str, str]) -> tuple[Entry, ...]:
    changed = {e["d"]["target"]: _instant(e["ts"]) for e in events if e["k"] == "edit"}
    return tuple(
        Entry(_instant(e["ts"]), labels[e["u"]], e["d"].get("text"), changed.get(e["s"]))
        for e in events
        if e["k"] == "message"
    )


def _labels(r: str) -> dict[str, str]:
    """Return a label for every pseudonym: the badge, numbered where two answerers have the same."""
    rows = Participant.objects.filter(consult=r).select_related("seat").order_by("joined_at", "seat__joined_seq")
    told: Counter[str] = Counter()
    labels = {}
    for row in rows:
        badge = row.seat.badge or "Clinician"
        if row.role == Role.ASKER:
            labels[row.seat.name] = badge + _ASKING
            continue
        told[badge] += 1
        labels[row.seat.name] = badge if told[badge] == 1 else f"{badge} ({told[badge]})"
    return labels


def _read_upto(r: str, upto: int) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    while not events or events[-1]["s"] < upto:
        page = read_events(r, after=events[-1]["s"] if events else 0, before=upto + 1, limit=_PAGE)
        if not page:
            break
        events += page
    return events


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
