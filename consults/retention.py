"""What of a consult is text, for ``manage.py purge``: the question, messages, the closing note, reports, previews.

A summary's text is stored nowhere, so that there is none to erase; a pasted one can still be verified.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from consults.models import Report
from realtime.retention import Keeping

ERASED: Final = {"erased": True}


def erase_question(body: dict[str, Any]) -> dict[str, Any]:
    """What is left of a question: all but its words."""
    return {**body, "question": "", **ERASED} if body.get("question") else body


def erase_note(body: dict[str, Any]) -> dict[str, Any]:
    """What is left of an end with a note."""
    return {**{k: v for k, v in body.items() if k != "note"}, **ERASED} if "note" in body else body


def forget_reports(streams: Sequence[str]) -> None:
    """Erase the words of reports of these consults; that they were reported stays."""
    Report.objects.filter(seat__stream__in=streams).update(reason="")


KEEPING: Final = Keeping(
    text={"consult": {"consult.asked": erase_question, "consult.ended": erase_note},
          "inbox": {"offer.made": erase_question}},
    erased=forget_reports,
)
