"""What ends at once where a standing is lost: a member's everywhere, a clinic's, or a member's place in one clinic.

Other apps say here what of theirs cannot go on then (`register_ending`). It ends after the loss was stored, in
transactions of its own: who removes a member holds no lock for which the end of a call waits, nor the other way round.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

Ending = Callable[[UUID | None, UUID | None, datetime], None]
"""Given the account and the clinic that are concerned, None for any."""
_endings: Final[list[Ending]] = []


def register_ending(ending: Ending) -> None:
    """Make known what ends something. Called once by an app that is ready."""
    _endings.append(ending)


def end_all(now: datetime, *, account: UUID | None = None, clinic: UUID | None = None) -> None:
    """End what cannot go on of an account, of a clinic, or of an account in a clinic."""
    for ending in _endings:
        ending(account, clinic, now)
