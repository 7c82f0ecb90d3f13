"""What the process itself uses: memory, descriptors, threads, time of the processor. Linux tells by /proc.

Elsewhere memory is the most that was ever used, and descriptors are not counted. Source: proc(5), getrusage(2).
"""

import os
import resource
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_STATM: Final = Path("/proc/self/statm")
_DESCRIPTORS: Final = Path("/proc/self/fd")


@dataclass(frozen=True, slots=True)
class Used:
    """`memory` in bytes (resident), `cpu_s` in seconds since the process began."""

    memory: int
    descriptors: int
    threads: int
    cpu_s: float


def used() -> Used:
    """Return what this process uses now."""
    return Used(_memory(), _descriptors(), threading.active_count(), time.process_time())


def _memory() -> int:
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _descriptors() -> int:
    try:
        return len(os.listdir(_DESCRIPTORS))
    except OSError:
        return 0
