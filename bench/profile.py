"""Where a message's time goes: the server under the load of a row, sampled by py-spy while it holds the interpreter.

Samples are taken of the thread that holds the GIL, so that waiting for PostgreSQL, for the network or for work is not
counted; what remains is what the process spends on messages.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.drawing import flames, tree
from bench.load import Load
from bench.places import CACHE, DOCUMENT, ROOT
from bench.stage import Stage
from bench.systems import Curbside

SPAN_S = 8.0
RATE = 250
WAITS = ("_worker (concurrent/futures/thread.py", "get_nowait", "Empty")
OUTER = (
    *("Runner.run", "Server.run", "serve_uvicorn", "asyncio_run", "Command.handle", "BaseCommand", "manage.py"),
    *("ManagementUtility", "execute_from_command_line", "Thread._bootstrap", "Thread.run", "_worker"),
    *("_WorkItem.run", "in_thread"),
)
TITLES = {
    "hall": "500 members in one stream: where the server's time goes",
    "pairs": "250 consults of two: where the server's time goes",
}
Stack = tuple[list[str], int]


def install() -> Path:
    """Install py-spy into the project's cache, as locked, and return its path."""
    program = CACHE / "py" / "bin" / "py-spy"
    if not program.exists():
        subprocess.run([ROOT / ".venv/bin/uv", "pip", "install", "-q", "--python", sys.executable, "--require-hashes",
                        "--target", CACHE / "py", "-r", ROOT / "bench/requirements.txt"], check=True)
    return program


def stacks(raw: str) -> Iterator[Stack]:
    """Read py-spy's raw form: frames outermost first, a count. Drops what waits and what stands around all."""
    for line in raw.splitlines():
        joined, _, count = line.rpartition(" ")
        frames = joined.split(";")
        if not frames or any(wait in frames[-1] for wait in WAITS):
            continue
        inner = [frame for frame in frames if not frame.startswith(OUTER) and "<module>" not in frame]
        yield [_short(frame) for frame in inner] or ["event loop"], int(count)


def _short(frame: str) -> str:
    """Without the line's number, so that lines of one function are one box; a thread by its name alone."""
    if frame.startswith("thread ("):
        return frame.partition(": ")[2] or frame
    return frame.rpartition(":")[0] + ")" if ":" in frame else frame


def heaviest(read: list[Stack], most: int = 25) -> list[tuple[str, float, float]]:
    """Return (function, share by itself, share with what it calls), the heaviest by themselves first."""
    alone: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for frames, count in read:
        alone[frames[-1]] += count
        for frame in set(frames):
            whole[frame] += count
    total = sum(alone.values()) or 1
    return [(name, count / total, whole[name] / total) for name, count in alone.most_common(most)]


def profile(stage: Stage, folder: Path = DOCUMENT.parent) -> None:
    """Sample both rows and write a picture of each into `folder`; prints the heaviest functions."""
    program = install()
    rates = {"hall": stage.plan.hall_rates["curbside"], "pairs": stage.plan.pairs_rates["curbside"]}
    system = Curbside(stage.template)
    try:
        for row, wanted in rates.items():
            count = stage.plan.hall if row == "hall" else stage.plan.pairs * 2
            load = Load(system.dialect, system.port)
            try:
                load.open(stage.bed.few(system.people[row], count))
                rate, _ = stage.sustained(load, system, wanted, stage.plan.warm_s)
                stage.say(f"profile: {row} at {rate:.0f}/s")
                raw = _sample(program, system.pid, load, rate, stage.bed.path("raw"))
            finally:
                load.stop()
            read = list(stacks(raw))
            title = f"{TITLES[row]} ({rate:.0f} messages/s)"
            (folder / f"performance-{row}.svg").write_text(flames(tree(read), title), "utf-8")
            print(f"\n{title}")
            for name, alone, whole in heaviest(read):
                print(f"  {alone:6.1%} {whole:6.1%}  {name}")
    finally:
        system.stop()


def _sample(program: Path, pid: int, load: Load, rate: float, out: Path) -> str:
    spans = ["--duration", str(int(SPAN_S)), "--rate", str(RATE)]
    argv: list[str | Path] = [program, "record", "--gil", "--threads", *spans, "--format", "raw"]
    argv += ["--output", out, "--pid", str(pid)]
    sampler = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    load.run(rate, SPAN_S)
    if sampler.wait(30) != 0:
        raise RuntimeError("py-spy could not look into the server: it needs the right to trace (CAP_SYS_PTRACE)")
    return out.read_text("utf-8")
