"""The one port from calls to the rules of who may call whom: rights, own phones, patients, destinations, budgets.

A call asks for one `Permit`, in this order: the member's right to the clinic's number, the own phone, the patient, the
destination; budgets are reserved later, in the transaction that stores the call. Nothing else of the machine's side
imports those modules, so that a test can put a rulebook of its own here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from django.utils.module_loading import import_string

from realtime.rows import Part
from voice.shapes import Wish


@dataclass(frozen=True, slots=True)
class Permit:
    """All that was found out before a call: whose number is shown and how, whom it dials. The `repr` shows no number.

    `max_s` is the longest talk; `destination` is the rulebook's own value, handed back when budgets are reserved;
    `abroad` is the country (ISO 3166) of whom it dials where that is another than the clinic's.
    """

    account: str
    clinic: str
    clinic_name: str
    caller_id: str
    shown: str = field(repr=False)
    shown_formatted: str = field(repr=False)
    mode: str
    attestation: str
    evidence: str
    says: str
    calls_back: str
    own_phone: str = field(repr=False)
    to: str = field(repr=False)
    own_mask: str
    mask: str
    patient: str
    language: str
    max_s: int
    decisions: list[dict[str, Any]]
    destination: Any = field(repr=False)
    hide_clinic: bool = False
    abroad: str = ""


class Rulebook(Protocol):
    """The rules, as calls ask for them."""

    def permit(self, account: str, wish: Wish, now: datetime) -> Permit:
        """Return what a call of this member may do. Raises Refusal `call.…`, `not_found`."""
        ...

    def peek(self, permit: Permit, carrier: str, now: datetime) -> list[dict[str, Any]]:
        """Return the budgets as they stand, without taking any. Raises Refusal `call.budget_…`."""
        ...

    def attempts(self, permit: Permit, now: datetime) -> tuple[int, int]:
        """Return how often this clinic called this number in the last 24 hours, and in the last seven days."""
        ...

    def reserve(self, call: str, permit: Permit, carrier: str, now: datetime
                ) -> tuple[list[dict[str, Any]], list[Part]]:
        """Lock and weigh the budgets of a call; return how they stood, and what takes them when it is sent.

        Runs in the caller's transaction, which sends. Raises Refusal `call.budget_…`.
        """
        ...

    def release(self, call: str, now: datetime, talked_s: int) -> list[Part]:
        """Return what gives back what a call did not use, for the caller's transaction to send."""
        ...

    def still_may_show(self, caller_id: str, account: str, clinic: str) -> None:
        """Look again before the patient's leg. Raises Refusal where the right is gone or calls are paused."""
        ...

    def still_wanted(self, account: str, clinic: str, to: str, *, own: bool) -> bool:
        """Look again before a leg: whether a number is still one's own phone, or may still be called there."""
        ...

    def looked(self, account: str, patient: str) -> list[Part]:
        """Return what remembers that the member saw the patient's name and digits before dialling."""
        ...

    def mask_of(self, clinic: str, wish: Wish) -> str:
        """Return the mask of whom a wish of a clinic's member is for, "" where that cannot be read."""
        ...

    def wrong_number(self, patient: str, which: str) -> None:
        """Somebody else answered there."""
        ...

    def patients(self, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return how patients are shown in lists, those that are still known."""
        ...


@cache
def _made() -> Rulebook:
    book: Rulebook = import_string("voice.rulebook.Rules")()
    return book


_using: list[Rulebook] = []


def rulebook() -> Rulebook:
    """Return the rules in force."""
    return _using[-1] if _using else _made()


def use(book: Rulebook | None) -> None:
    """Put other rules in force, or with None take them away again. For tests and the benchmark."""
    if book is None:
        _using.clear()
    else:
        _using.append(book)
