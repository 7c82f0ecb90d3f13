"""Session descriptions: what is sent is written from values, and nothing of the other side's gets through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.sip.message import Malformed
from voice.sip.sdp import Session, Sound, read

OFFER = (
    b"v=0\r\no=lind 1 1 IN IP4 10.0.0.7\r\ns=Dr Jonas Lind +46701234567\r\ni=private\r\ne=lind@example.org\r\n"
    b"c=IN IP4 198.51.100.7\r\nt=0 0\r\na=ssrc:77 cname:lind\r\nm=video 4002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"
    b"m=audio 4000 RTP/AVP 9 8 0 96 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"
    b"a=ssrc:1 msid:lind x\r\na=sendonly\r\n"
)


def session(**more: object) -> Session:
    return Session(Sound("192.0.2.1", 5000, **more))  # type: ignore[arg-type]  # one of its fields


def lines(body: bytes) -> list[str]:
    return body.decode().split("\r\n")


def test_an_offer_is_neutral_and_has_our_codecs_in_our_order() -> None:
    said = lines(session(codecs=("PCMU", "PCMA")).offer())
    assert said[0] == "v=0" and said[1].startswith("o=- ") and said[1].endswith(" 1 IN IP4 192.0.2.1")
    assert said[2:] == [
        "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 5000 RTP/AVP 0 8 101", "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=sendrecv", "",
    ]  # fmt: skip


def test_the_far_end_is_read_and_everything_else_left() -> None:
    far = read(OFFER).sound
    assert far == Sound("198.51.100.7", 4000, ("PCMA", "PCMU"), 101, "sendonly")
    assert "198.51" not in repr(far)


def test_an_answer_mirrors_the_direction_refuses_the_video_and_repeats_nothing() -> None:
    ours = session()
    said = lines(ours.answer(OFFER))
    assert said[5] == "m=video 0 RTP/AVP 96"
    assert said[6] == "m=audio 5000 RTP/AVP 8 101" and said[-2] == "a=recvonly"
    whole = "".join(said).lower()
    assert not [word for word in ("lind", "4670", "ssrc", "198.51", "10.0.0", "opus", "example") if word in whole]
    assert ours.far is not None and ours.far.direction == "sendonly"


def test_the_version_goes_up_with_what_is_said_and_only_then() -> None:
    ours = session()
    versions = [line.split()[2] for body in (ours.offer(), ours.offer(), ours.offer("sendonly"), ours.offer())
                for line in lines(body) if line.startswith("o=")]  # fmt: skip
    assert versions == ["1", "1", "2", "2"]


def test_who_holds_does_not_send_because_the_other_side_offers() -> None:
    ours = session()
    ours.offer("sendonly")
    assert "a=sendonly" in lines(ours.answer(OFFER.replace(b"a=sendonly", b"a=sendrecv")))
    ours.offer("inactive")
    assert "a=inactive" in lines(ours.answer(OFFER))


def test_an_address_of_nowhere_is_hold() -> None:
    body = OFFER.replace(b"198.51.100.7", b"0.0.0.0").replace(b"a=sendonly", b"a=sendrecv")
    assert read(body).sound.direction == "sendonly"


def test_keys_have_the_number_of_the_one_who_offers() -> None:
    body = OFFER.replace(b" 101\r\n", b" 97\r\n").replace(b"rtpmap:101", b"rtpmap:97")
    assert "m=audio 5000 RTP/AVP 8 97" in lines(session().answer(body))


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"RTP/AVP 9 8 0", b"RTP/SAVP 9 8 0"), (b"audio 4000", b"audio 0"), (b"9 8 0 96 101", b"9 96"),
     (b"audio 4000", b"audio 70000"), (b"198.51.100.7", b"pbx.example"), (b"198.51.100.7", b"224.2.1.1"),
     (b"v=0", b"v=1"), (b"c=IN IP4 198.51.100.7\r\n", b""), (b"m=video", b"m=<b>")],
)  # fmt: skip
def test_a_description_without_sound_for_us_is_refused_with_488(old: bytes, new: bytes) -> None:
    with pytest.raises(Malformed) as wrong:
        read(OFFER.replace(old, new))
    assert wrong.value.status == 488


def test_an_answer_with_a_codec_that_was_not_offered_is_refused() -> None:
    only = session(codecs=("PCMU",))
    only.offer()
    with pytest.raises(Malformed):
        only.take_answer(OFFER.replace(b"9 8 0 96", b"9 8 96"))
    assert only.take_answer(OFFER).codecs == ("PCMU",)


@given(st.binary(max_size=300), st.lists(st.sampled_from(OFFER.split(b"\r\n")), max_size=8))
def test_no_description_raises_anything_but_malformed(noise: bytes, some: list[bytes]) -> None:
    for body in (noise, b"v=0\r\n" + b"\r\n".join(some) + noise):
        try:
            session().answer(body)
        except Malformed:
            continue
