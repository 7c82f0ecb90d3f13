"""What a process and its children use: seconds of CPU, bytes of memory."""

from __future__ import annotations

from collections.abc import Callable

import psutil


def family(pid: int) -> list[psutil.Process]:
    """The process and all its children that live."""
    try:
        me = psutil.Process(pid)
        return [me, *me.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_s(pid: int) -> float:
    """User and system time of the process, its children, and those of its children that have ended."""
    total = 0.0
    for process in family(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
        if process.pid == pid:
            total += times.children_user + times.children_system
    return total


def memory(pid: int) -> int:
    """Resident bytes of the process tree that it shares with nobody."""
    total = 0
    for process in family(pid):
        try:
            total += process.memory_full_info().uss
        except psutil.NoSuchProcess:
            continue
    return total


class Meter:
    """CPU of several processes since it was made."""

    def __init__(self, *pids: int) -> None:
        self._began = {pid: cpu_s(pid) for pid in pids}

    def read(self) -> list[float]:
        """Seconds of CPU of each since then, in the order given."""
        return [cpu_s(pid) - before for pid, before in self._began.items()]


def measured(work: Callable[[], None], *pids: int) -> list[float]:
    """Return what the processes used while `work` ran."""
    meter = Meter(*pids)
    work()
    return meter.read()
