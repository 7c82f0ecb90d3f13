"""A real sipp as a trunk on the loopback, UDP or TCP: it does what its scenario says, and keeps every message."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.peers.process import Process, find_program, free_port, require

REPLY = """SIP/2.0 {line}
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
[last_Record-Route:]
Contact: <sip:[local_ip]:[local_port];transport=UDP>
Content-Length: 0

"""
BYE = """BYE [next_url] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
[routes]
From: <sip:trunk@[local_ip]>;tag=[call_number]
To:[$1]
[last_Call-ID:]
CSeq: 1 BYE
Max-Forwards: 70
Content-Length: 0

"""


def send(message: str) -> str:
    """A step that sends."""
    return f"<send><![CDATA[\n{message}]]></send>"


def replies(*lines: str) -> str:
    """An INVITE is answered with these lines, the last of them acknowledged."""
    # The pause keeps what is sent in its order: several processes of a proxy take it.
    steps = '<pause milliseconds="60"/>'.join(send(REPLY.format(line=line)) for line in lines)
    return f'<recv request="INVITE" rrs="true"/>{steps}<recv request="ACK"/>'


ANSWERS = replies("180 Ringing", "200 OK") + '<recv request="BYE"/>' + send(REPLY.format(line="200 OK"))
TAKEN_BACK = REPLY.format(line="487 Request Terminated").replace("[last_CSeq:]", "CSeq: 1 INVITE")
HANGS_UP = "".join([
    '<recv request="INVITE" rrs="true"><action>',
    '<ereg regexp=".*" search_in="hdr" header="From:" assign_to="1"/></action></recv>',
    send(REPLY.format(line="200 OK")), '<recv request="ACK"/>', send(BYE), '<recv response="200"/>',
])  # fmt: skip
RINGS = "".join([
    '<recv request="INVITE"/>', send(REPLY.format(line="180 Ringing")),
    '<recv request="CANCEL"/>', send(REPLY.format(line="200 OK")), send(TAKEN_BACK), '<recv request="ACK"/>',
])  # fmt: skip


class Sipp:
    """One trunk at 127.0.0.1:`port`, for as many calls as come, or for `calls`, after which it ends."""

    def __init__(self, scenario: str | Path, *, tcp: bool = False, calls: int = 0, echoes: bool = False) -> None:
        """Start it with the steps of a scenario, or with a file of one. `echoes`: what is said to it is said back."""
        program = find_program("sipp")
        require("sipp (sip-tester)", program)
        assert program is not None
        self.directory = Path(tempfile.mkdtemp(prefix="curbside-sipp-"))
        self.port = free_port()
        self._messages = self.directory / "messages"
        path = scenario if isinstance(scenario, Path) else self.directory / "scenario.xml"
        if isinstance(scenario, str):
            path.write_text(f'<?xml version="1.0"?><scenario name="trunk">{scenario}</scenario>')
        self._table = "tcp" if tcp else "udp"
        argv: list[str | Path] = [program, "-sf", path, "-i", "127.0.0.1", "-p", str(self.port), "-nostdin"]
        argv += ["-trace_msg", "-message_file", self._messages, "-message_overwrite", "true"]
        # Over TCP nothing comes twice, so that a Call-ID which is said again is another call.
        argv += ["-t", "t1", "-deadcall_wait", "0"] if tcp else ["-t", "u1"]
        argv += ["-m", str(calls)] if calls else []
        argv += ["-rtp_echo", "-mp", str(free_port() & ~1)] if echoes else []
        self.process = Process(argv, self.directory / "log", cwd=self.directory)
        self.process.wait_until(self._listens, "sipp")

    def _listens(self) -> bool:
        wanted = f":{self.port:04X} "
        return any(wanted in line for line in Path(f"/proc/net/{self._table}").read_text().splitlines())

    def heard(self, method: str) -> list[str]:
        """The requests of a method that came in, as they came."""
        if not self._messages.exists():
            return []
        found = self._messages.read_text("utf-8", "replace").split("message received [")[1:]
        bodies = [one.partition("\n\n")[2].partition("\n----")[0].replace("\r", "") for one in found]
        return [one for one in bodies if one.startswith(method + " ")]

    def ends(self, within_s: float = 10.0) -> int:
        """Wait for its end and return its status: 0, if all its calls were as its scenario says."""
        return self.process.wait(within_s)

    def close(self) -> None:
        """Stop it and remove all of it."""
        self.process.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
