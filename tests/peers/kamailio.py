"""A real Kamailio between TCP and UDP on the loopback, with the configuration that is shipped."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.peers.process import Process, find_program, free_port, is_listening, require

CONFIG = Path(__file__).resolve().parents[2] / "deploy" / "kamailio" / "kamailio.cfg"


class Kamailio:
    """One proxy: calls come in at 127.0.0.1:`port` over TCP and go to the trunks over UDP, from `outer`."""

    def __init__(self, trunks: Sequence[int], *, silent_ms: int = 600) -> None:
        """Start it with the trunks at these loopback ports, the first one preferred."""
        program = find_program("kamailio", "/usr/sbin")
        require("Kamailio", program)
        assert program is not None
        self.directory = Path(tempfile.mkdtemp(prefix="curbside-kamailio-"))
        self.port, self.outer = free_port(), free_port()
        listed = self.directory / "dispatcher.list"
        listed.write_text(
            "".join(f"1 sip:127.0.0.1:{port};transport=udp 0 {20 - place}\n" for place, port in enumerate(trunks))
        )
        defines = [f"INNER=tcp:127.0.0.1:{self.port}", f"OUTER=udp:127.0.0.1:{self.outer}", f'TRUNKS="{listed}"']
        defines += [f"SILENT_MS={silent_ms}", "PROBE_S=600"]
        argv: list[str | Path] = [program, "-f", CONFIG, "-DD", "-E", "-m", "32", "-M", "4", "-Y", self.directory]
        for define in defines:
            argv += ["-A", define]
        self.process = Process([*argv, "-P", self.directory / "pid"], self.directory / "log", cwd=self.directory)
        self.process.wait_until(lambda: is_listening(self.port), "Kamailio")

    def close(self) -> None:
        """Stop it and remove all of it."""
        self.process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
