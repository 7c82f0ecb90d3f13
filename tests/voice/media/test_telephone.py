"""A clinician's own telephone behind a trunk: asked for a key, told to wait, bridged to a patient. Judged by sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.voice.media.browser import Browser, loudness
from tests.voice.media.packets import DUMB, PCMA
from tests.voice.media.planes import make_plane, over_both
from tests.voice.media.telephone import LOCAL, Telephone, pressed
from voice.media import hearing, telephone
from voice.media.bridge import Frame, Inward
from voice.media.g711 import SAMPLES, Codec
from voice.media.keys import Keys
from voice.media.plane import Plane
from voice.media.shapes import Key, MediaError, Rtp, Stats, Told, Up
from voice.media.speech import Digit, Said, speech
from voice.media.telephone import KEYS_MOST
from voice.media.telephone import Telephone as Leg
from voice.media.tones import tone

SPOKEN = {"press_one": 300, "one_moment": 500, "held": 700, "unavailable": 900}


class Hand:
    """A leg by hand, with what its telephone hears."""

    def __init__(self, *, rings: bool = True) -> None:
        self.told: list[Told] = []
        self.heard: list[Frame] = []
        self.leg = Leg("own", self, self.told.append, rings=rings)
        self.inward = Inward(PCMA)
        self.now, self.sequence = 100.0, 0

    def hear(self, frame: Frame, now: float) -> None:
        self.heard.append(frame)

    def stats(self) -> Stats:
        return Stats("PCMA")

    def run(self, seconds: float) -> str:
        """Let time pass, and return what was said then as µ-law, in hexadecimal digits."""
        before = len(self.heard)
        for _ in range(round(seconds / 0.02)):
            self.now += 0.02
            self.leg.beat(self.now)
        return b"".join(frame.payload for frame in self.heard[before:]).hex()

    def press(self, event: int) -> None:
        for packet in pressed(event, at=self.sequence * 160 + 5000, sequence=self.sequence):
            frame = self.inward.take(packet, self.now)
            assert frame is not None
            self.leg.heard(frame, self.now)
        self.sequence += 10

    @property
    def keys(self) -> str:
        return "".join(each.digits for each in self.told if isinstance(each, Key))


def test_who_is_asked_for_a_key_is_asked_again_and_each_key_is_told_until_the_answer() -> None:
    hand = Hand()
    hand.press(1)
    assert hand.keys == ""  # not asked for one yet
    hand.leg.press_one("sv")
    sentence = speech("press_one", "sv").hex()
    assert hand.run(15).count(sentence) >= 2
    hand.press(5)
    assert hand.keys == "5"
    hand.leg.press_one("sv")
    assert hand.run(6).startswith(sentence)
    hand.press(1)
    assert hand.told == [Key("own", "5"), Key("own", "1")]
    hand.leg.one_moment("sv")
    hand.press(1)
    assert hand.keys == "51"
    said = bytes.fromhex(hand.run(4))
    assert said.startswith(speech("one_moment", "sv"))
    heard = [SAMPLES[Codec.PCMU][octet] for octet in said]
    assert loudness(heard[14000:20000], 425) > 0.08  # it rings as in Sweden


def test_a_telephone_that_never_stops_pressing_keys_is_told_of_so_often_and_no_more() -> None:
    hand = Hand()
    hand.leg.press_one("en")
    for _ in range(3 * KEYS_MOST):
        hand.press(9)
    assert hand.keys == "9" * KEYS_MOST


def test_who_waits_for_the_other_one_to_come_back_hears_no_ringing() -> None:
    hand = Hand(rings=False)
    hand.leg.one_moment("en")
    assert hand.run(13).count(speech("one_moment", "en").hex()) == 3
    assert hand.leg.unavailable("en") > 1
    assert speech("unavailable", "en").hex() in hand.run(2)


def test_a_code_is_spoken_three_times_after_the_keys_of_an_extension() -> None:
    hand, keys = Hand(), Keys()
    says: list[Said | Digit] = ["code_phone", "4", "7"]
    seconds = hand.leg.speak(says, "sv", "12", events=True)
    sound = bytes.fromhex(hand.run(seconds + 1))
    pressed_keys = [frame for frame in hand.heard if frame.event]
    assert "".join(map(keys.take, pressed_keys)) == "12" and len(pressed_keys) == 14
    assert [frame.marker for frame in pressed_keys].count(True) == 2
    at = 0
    for what in says * 3:
        at = sound.index(speech(what, "sv"), at) + 1  # each after the one before
    assert at < seconds * 8000 and set(sound[-8000:]) == {0xFF}


def test_keys_are_tones_for_who_takes_no_telephone_events() -> None:
    hand = Hand()
    hand.leg.speak([], "en", "1", events=False)
    hand.run(1.5)
    heard = [SAMPLES[Codec.PCMU][octet] for octet in bytes.fromhex(hand.run(0.1))]
    assert not any(frame.event for frame in hand.heard)
    assert loudness(heard, 697) > 0.08 and loudness(heard, 1209) > 0.08 and loudness(heard, 1477) < 0.02


def test_a_far_end_without_telephone_events_can_press_no_key() -> None:
    deaf = Inward(DUMB)
    assert all(deaf.take(packet, 0.0) is None for packet in pressed(1, at=0, sequence=1))


class Ward:
    """A plane, a clinician's telephone and a patient's behind a trunk."""

    def __init__(self, plane: Plane, told: list[Told]) -> None:
        self.plane, self.told = plane, told
        self.phones: dict[str, Telephone] = {}
        self.at: dict[str, tuple[str, int]] = {}

    async def phone(self, name: str) -> Rtp:
        """Another telephone that has answered."""
        phone = self.phones[name] = await Telephone.open()
        self.at[name] = await self.plane.listen(name, LOCAL)
        return Rtp(name, LOCAL, phone.port, PCMA, "sv")

    async def press(self, name: str, event: int) -> None:
        await self.phones[name].press(event, self.at[name])

    async def talk(self, one: str, other: str, hz: int = 1200) -> None:
        """One is heard by the other."""
        saying = asyncio.create_task(self.phones[one].say(hz, 20, self.at[one]))
        await self.phones[other].hears(hz)
        saying.cancel()


@pytest.fixture
async def ward(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ward]:
    # Sentences last seconds; here each is a tone of tenths. What is really said is proved by hand above.
    monkeypatch.setattr(hearing, "speech", lambda what, language: tone((SPOKEN[what],), 0.4))
    monkeypatch.setattr(hearing, "PAUSE_S", 0.2)
    monkeypatch.setattr(telephone, "AGAIN_S", 0.2)
    told: list[Told] = []
    plane = make_plane(request, told.append)
    made = Ward(plane, told)
    yield made
    await plane.close()
    for phone in made.phones.values():
        phone.transport.close()


async def until(ward: Ward, *told: Told) -> None:
    async with asyncio.timeout(10):
        while [each for each in ward.told if isinstance(each, Key | Up)] != list(told):
            await asyncio.sleep(0.01)


@over_both("ward")
async def test_a_callback_call_from_the_key_to_the_end_with_the_sound_of_each_step(ward: Ward) -> None:
    plane = ward.plane
    clinician = await ward.phone("own")
    await plane.connect(clinician)
    assert plane.legs() == ("own",)
    await plane.prompt("own", "press_one", "sv")
    await ward.phones["own"].hears(300)  # before it has said anything itself
    await ward.press("own", 5)
    await plane.prompt("own", "press_one", "sv")
    await ward.press("own", 1)
    await until(ward, Key("own", "5"), Key("own", "1"))
    await plane.prompt("own", "one_moment", "sv")
    await ward.phones["own"].hears(500)
    await ward.phones["own"].hears(425)  # it rings

    patient = await ward.phone("patient")
    await plane.bridge("own", patient)
    await plane.bridge("own", patient)
    await ward.talk("own", "patient", 1200)
    await ward.talk("patient", "own", 1700)
    assert ward.phones["own"].loud(425) < 0.02
    await ward.press("own", 3)
    await ward.press("patient", 7)
    async with asyncio.timeout(10):
        while (ward.phones["patient"].keys(), ward.phones["own"].keys()) != ([3], [7]):
            await asyncio.sleep(0.01)
    assert len(ward.told) == 2  # nobody is told what they type to each other

    await plane.hold("own", "sv")
    for phone in ward.phones.values():
        await phone.hears(700)
    await plane.hold("own", None)
    await ward.talk("own", "patient")
    for phone in ward.phones.values() if type(plane) is Plane else ():  # an engine passes on what names they come by
        assert len({read.ssrc for read in phone.heard}) == 1
        counts = [read.sequence for read in phone.heard]
        assert counts == [(counts[0] + n) & 0xFFFF for n in range(len(counts))]
    ended = await plane.hangup("own")
    assert plane.legs() == () and ended.codec == "PCMA" and ended.received.packets > 20 and ended.sent.packets > 20
    assert (await plane.release("own")).received.packets >= ended.received.packets
    assert (await plane.release("patient")).mos is not None


@over_both("ward")
async def test_a_patient_waits_and_is_bridged_to_the_telephone_that_takes_over(ward: Ward) -> None:
    """Go on by phone: the browser's leg is gone before the telephone is there, and the patient hears so."""
    plane, browser = ward.plane, Browser(800)
    await browser.call(lambda sdp: plane.accept("wifi", 1, sdp))
    await until(ward, Up("wifi", 1))
    patient = await ward.phone("patient")
    await plane.bridge("wifi", patient)
    await ward.phones["patient"].hears(800)
    await plane.prompt("patient", "one_moment", "sv")
    await ward.phones["patient"].hears(500)
    assert plane.legs() == ("wifi", "patient")
    await plane.hangup("wifi")
    await browser.close()
    await plane.connect(await ward.phone("own"))
    await plane.bridge("own", patient)
    await ward.talk("own", "patient")
    await ward.talk("patient", "own")
    assert plane.legs() == ("own",)
    await plane.release("patient")  # the patient hangs up, and the other hears nothing of a line that is gone
    assert plane._leg("own").far is None
    with pytest.raises(MediaError) as raised:
        await plane.bridge("own", patient)
    assert raised.value.word == "unknown_far"


@over_both("ward")
async def test_a_telephone_that_moves_keeps_its_leg_and_who_is_bridged_to_it(ward: Ward) -> None:
    plane = ward.plane
    await plane.connect(await ward.phone("own"))
    patient = await ward.phone("patient")
    await plane.bridge("own", patient)
    for name in ("own", "patient"):
        ward.phones[name].transport.close()
        moved = ward.phones[name] = await Telephone.open()
        await plane.connect(Rtp(name, LOCAL, moved.port, PCMA, "sv"))
    assert plane.legs() == ("own",)
    await ward.talk("own", "patient")
    await ward.talk("patient", "own")


async def test_who_is_not_there_cannot_be_spoken_to(ward: Ward) -> None:
    plane = ward.plane
    far = Rtp("own", LOCAL, 4000, PCMA)
    with pytest.raises(MediaError) as raised:
        await plane.connect(far)
    assert raised.value.word == "unknown_far"
    await plane.listen("own", LOCAL)
    for asked in (plane.prompt("own", "press_one", "en"), plane.hangup("own"), plane.hold("own", None)):
        with pytest.raises(MediaError) as raised:
            await asked
        assert raised.value.word == "unknown_leg"

