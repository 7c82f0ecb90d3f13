"""Where the benchmark keeps its things: all of it under var/bench, none of it needed by the service."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
CACHE: Final = ROOT / "var" / "bench"
DOCUMENT: Final = ROOT / "docs" / "performance.md"
