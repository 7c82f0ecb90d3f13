"""The heart of a media worker and its look into the outbox, in a thread of its own.

One thread does both, so that nothing is claimed under a name that counts as dead: who stood still beats first.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from voice import outbox, owning
from voice.models import Action
from voice.planes import MEDIA
from voice.watching import WAITING, Watch, keep_on

log = logging.getLogger(__name__)
MOST: Final = 50


class Claims(threading.Thread):
    """Beats and claims until `end`. `draining`: what is of no call of ours yet is left to others.

    `stream_url`: where a carrier brings sound to this worker; `is_ready`: whether it could carry one more call, asked
    in this thread. Both are set before the start.
    """

    def __init__(
        self, calls: Callable[[], int], claimed: Callable[[list[Action]], None], forgotten: Callable[[], None],
        wanted: Callable[[], None], trunks: Callable[[], tuple[int, int]] = lambda: (0, 0),
    ) -> None:
        """All are called in this thread: how many calls there are, what was claimed, that all was lost, to look round.

        `forgotten`: the worker stood still and counted as dead, its calls were ended, and it goes on under another
        name. `wanted` is called twice a second. `trunks`: how many there are, and how many of them are up.
        """
        super().__init__(name="curbside-claims", daemon=True)
        self._calls, self._claimed, self._forgotten, self._wanted = calls, claimed, forgotten, wanted
        self._trunks = trunks
        self._watch = Watch((WAITING.format(MEDIA),), lambda: (outbox.next_due(MEDIA),))
        self._ended = threading.Event()
        self._beat_at = self._look_at = 0.0
        self._said: tuple[int, int] | None = None
        self.worker = self.stream_url = ""
        self.draining = False
        self.is_ready: Callable[[], bool] = lambda: True

    def run(self) -> None:
        """Work until told to end."""
        keep_on(self.step, self._ended.is_set, self._ended.wait, "media worker")
        connection.close()

    def step(self) -> None:
        """Beat when it is time, and claim what is due."""
        if monotonic() >= self._look_at:
            self._look_at = monotonic() + 0.5
            self._wanted()
        if monotonic() >= self._beat_at or self._said != self._trunks():
            self._beat()
        if not self._watch.something():
            return
        trunks, up = self._trunks()
        served = up > 0 or not trunks  # whose trunks are all down leaves new calls to others
        new = served and self.is_ready() and not self.draining and self._calls() < settings.CURBSIDE_MEDIA_CALLS
        actions = owning.claim(self.worker, MOST, timezone.now(), new=new, streams=bool(self.stream_url))
        self._watch.looked(actions)
        if actions:
            self._claimed(actions)

    def drain(self) -> None:
        """Take no more calls, and say so at once."""
        self.draining, self._beat_at = True, 0.0

    def end(self) -> None:
        """Stop, within some hundredths of a second."""
        self._ended.set()

    def _beat(self) -> None:
        now = timezone.now()
        self._said = trunks, up = self._trunks()
        closed = self.draining or not self.is_ready()
        if self.worker and owning.beat(
            self.worker, self._calls(), now, draining=closed, trunks=trunks, trunks_up=up
        ):
            self._beat_at = monotonic() + owning.BEAT_S
            return
        if self.worker:
            log.warning("this media worker stood still and counted as dead")
            self._forgotten()
        self.worker = owning.register(settings.CURBSIDE_PROCESS, now, self.stream_url, trunks=trunks, trunks_up=up)
        self._beat_at = monotonic() + owning.BEAT_S
        self._watch.look()
