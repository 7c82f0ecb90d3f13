"""A real coturn on the loopback, with the configuration that is shipped, and its own client to try it with."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.peers.process import Process, find_program, free_port, is_listening, require

CONFIG = Path(__file__).resolve().parents[2] / "deploy" / "coturn" / "turnserver.conf"


class Coturn:
    """One TURN server at 127.0.0.1:`port`, UDP and TCP. The loopback may be relayed to, unlike as it is shipped."""

    def __init__(self, secret: str) -> None:
        """Start it and wait until it listens."""
        program, client = find_program("turnserver", "/usr/bin"), find_program("turnutils_uclient", "/usr/bin")
        require("coturn (turnserver)", program and client)
        assert program is not None and client is not None
        self._client = client
        self.directory = Path(tempfile.mkdtemp(prefix="curbside-coturn-"))
        self.port = free_port()
        argv: list[str | Path] = [program, "-c", CONFIG, f"--listening-port={self.port}", "--listening-ip=127.0.0.1"]
        argv += ["--relay-ip=127.0.0.1", "--no-tls", "--no-dtls", f"--static-auth-secret={secret}"]
        argv += ["--realm=curbside.example", "--allow-loopback-peers", "--allowed-peer-ip=127.0.0.1"]
        argv += [f"--pidfile={self.directory / 'pid'}", f"--userdb={self.directory / 'users'}"]
        self.process = Process(argv, self.directory / "log", cwd=self.directory)
        self.process.wait_until(lambda: is_listening(self.port), "coturn")

    def try_peer(self, peer: str, username: str, password: str) -> subprocess.CompletedProcess[str]:
        """Have coturn's own client allocate and bind a channel to a peer, and return what it says when that fails."""
        argv = [str(self._client), "-p", str(self.port), "-u", username, "-w", password, "-n", "1", "-e", peer]
        return subprocess.run([*argv, "127.0.0.1"], capture_output=True, text=True, timeout=30, check=False)

    def close(self) -> None:
        """Stop it and remove all of it."""
        self.process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
