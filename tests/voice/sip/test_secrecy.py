"""What goes out to a patient's trunk: headers of a list, two numbers, and nothing that came from the other side."""

from __future__ import annotations

import dataclasses
import re

from tests.voice.sip.far_end import ANSWER, CONTACT, HELD, SHOWN, TO, FarEnd, message
from voice.sip.events import Incoming, Order
from voice.sip.message import WRITTEN, Request

PHYSICIAN = "+46701234567"
HOSTILE = [
    ("Diversion", f"<sip:{PHYSICIAN}@x>"), ("History-Info", f"<sip:{PHYSICIAN}@x>;index=1"),
    ("Remote-Party-ID", f"<sip:{PHYSICIAN}@x>"), ("P-Asserted-Identity", f"<sip:{PHYSICIAN}@x>"),
    ("User-Agent", f"Lind {PHYSICIAN}"), ("Subject", f"Dr Lind {PHYSICIAN}"), ("Call-Info", f"<tel:{PHYSICIAN}>"),
]  # fmt: skip
SPEAKS = ANSWER.replace(b"o=-", b"o=lind").replace(b"s=-", f"s=Dr Lind {PHYSICIAN}".encode())


def everything() -> bytes:
    """All that an agent sends over a call in which everything happens and the far end says too much."""
    far = FarEnd(username="trunk-user", password="trunk-secret")
    leg = far.call()
    far.reply(far.request("INVITE"), 401, ("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth"'), *HOSTILE)
    invite = next(m for m in far.sent() if isinstance(m, Request) and m.method == "INVITE")
    far.reply(invite, 183, *HOSTILE, body=SPEAKS)
    far.reply(invite, 200, CONTACT, *HOSTILE, body=SPEAKS)
    far.ask(invite, "INVITE", CONTACT, *HOSTILE, body=SPEAKS, sequence=5)
    far.ask(invite, "ACK", *HOSTILE, sequence=5)
    for method in ("UPDATE", "OPTIONS", "REFER", "INFO"):
        far.ask(invite, method, *HOSTILE)
    far.agent.change(leg, "sendonly", far.now)
    hold = next(m for m in far.sent() if isinstance(m, Request) and m.method == "INVITE")
    far.reply(hold, 200, CONTACT, *HOSTILE, body=HELD)
    far.agent.hang_up(leg, far.now)
    other = far.call()
    far.agent.ping(far.now)
    second = next(m for m in far.sent() if isinstance(m, Request) and m.method == "INVITE")
    far.reply(second, 180, *HOSTILE)
    far.agent.hang_up(other, far.now)
    far.say(message("INVITE sip:x@192.0.2.1 SIP/2.0", [
        ("Via", "SIP/2.0/TCP h;branch=z9hG4bKq"), ("From", "<sip:a@b>;tag=1"), ("To", "<sip:x@192.0.2.1>"),
        ("Call-ID", "in"), ("CSeq", "1 INVITE"), *HOSTILE]))  # fmt: skip
    far.sent()
    return far.all


def test_every_method_and_answer_was_looked_at() -> None:
    first = {line.split()[0] for line in everything().decode().split("\r\n") if "SIP/2.0" in line and ": " not in line}
    assert first == {"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "SIP/2.0"}


def test_nothing_but_the_clinics_number_and_the_patients_goes_out() -> None:
    sent = everything().decode()
    assert set(re.findall(r"\+\d{6,}", sent)) == {SHOWN, TO}
    assert not re.search(r"lind|physician|701234567|trunk-secret", sent, re.IGNORECASE)


def test_only_headers_of_the_list_go_out_and_those_that_name_people_hold_the_clinics_number() -> None:
    lines = [line for line in everything().decode().split("\r\n") if re.match(r"[A-Za-z-]+: ", line)]
    names = {line.partition(":")[0] for line in lines}
    assert names <= {*WRITTEN.values(), "Content-Length"} and "P-Asserted-Identity" in names
    assert {line for line in lines if line.startswith("P-Asserted")} == {
        f"P-Asserted-Identity: <sip:{SHOWN}@trunk.example>"
    }
    assert {line for line in lines if line.startswith("User-Agent")} == {"User-Agent: Curbside"}
    assert {line for line in lines if line.startswith("Contact")} == {"Contact: <sip:192.0.2.1:5060;transport=tcp>"}


def test_descriptions_name_nobody() -> None:
    sent = everything().decode()
    assert {line.split()[0] for line in sent.split("\r\n") if line.startswith("o=")} == {"o=-"}
    assert {line for line in sent.split("\r\n") if line.startswith("s=")} == {"s=-"}
    assert not re.search(r"^(i|e|p|u|k)=", sent, re.MULTILINE)


def test_an_order_has_no_place_for_who_calls() -> None:
    assert [field.name for field in dataclasses.fields(Order)] == ["to", "shown", "sound", "timeout_s", "call_id"]


def test_who_calls_in_is_refused_and_told_without_being_shown() -> None:
    far = FarEnd()
    far.say(message(f"INVITE sip:{SHOWN}@192.0.2.1 SIP/2.0", [
        ("Via", "SIP/2.0/TCP h;branch=z9hG4bKq"), ("From", f"<sip:{TO}@b>;tag=1"), ("To", f"<sip:{SHOWN}@192.0.2.1>"),
        ("Call-ID", "in"), ("CSeq", "1 INVITE")]))  # fmt: skip
    assert far.response().status == 480
    [event] = far.events()
    assert event == Incoming(f"sip:{SHOWN}@192.0.2.1", f"sip:{TO}@b") and repr(event) == "Incoming()"


def test_what_comes_by_another_connection_is_answered_there() -> None:
    far = FarEnd()
    leg, invite = far.talk()
    far.agent.connection_made(7)
    far.said = []
    far.ask(invite, "BYE")
    far.agent.data_received(7, far.said[0], far.now)
    [(connection, data)] = far.agent.to_send()
    assert connection == 7 and data.startswith(b"SIP/2.0 200")
    assert far.ended().leg == leg
