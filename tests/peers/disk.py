"""A small disk of its own that a test can fill: a file system in memory, mounted where the machine lets us."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

CHUNK = 1_048_576


class Disk:
    """A directory below which PostgreSQL or SQLite keeps its files. `own` tells whether it is a disk of its own.

    Mounting needs root; without it the directory is an ordinary one, which no test may fill.
    """

    def __init__(self, megabytes: int) -> None:
        """Mount it."""
        self.path = Path(tempfile.mkdtemp(prefix="curbside-disk-"))
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(self.path)]
        program = shutil.which("mount")
        self.own = bool(program) and subprocess.run(mount, capture_output=True, check=False).returncode == 0
        self.path.chmod(0o755)  # PostgreSQL runs as another user than root
        self._ballast = self.path / "ballast"

    def fill(self) -> None:
        """Leave not one block free. Raises RuntimeError where it is not a disk of its own."""
        if not self.own:
            raise RuntimeError("this is everybody's disk")
        with self._ballast.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"\0" * CHUNK)
        with self._ballast.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"\0" * 4096)

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount and remove it; whoever used it has ended."""
        if self.own:
            subprocess.run(["umount", "-l", str(self.path)], check=False)
        shutil.rmtree(self.path, ignore_errors=True)
        assert not os.path.ismount(self.path)
