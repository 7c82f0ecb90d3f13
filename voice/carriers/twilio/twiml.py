"""The documents that Twilio follows, and what they say aloud. Names no one, shows no number but that of a route.

Source: Twilio, "TwiML for Programmable Voice", "TwiML Voice: <Stream>".
"""

from __future__ import annotations

from typing import Final

from twilio.twiml.voice_response import Connect, Dial, VoiceResponse

from voice.carriers.documents import Document, Instruction, Route
from voice.media.streams import TOKEN

VOICES: Final = {"en": "en-US", "sv": "sv-SE"}
SAID: Final[dict[str, dict[str, str]]] = {
    "en": {
        "press_one": "This is Curbside with the call that you asked for. Press 1 to be connected.",
        "again": "Press 1 to be connected, or hang up.",
        "no_key": "No key was pressed. Nobody else was called. Goodbye.",
        "one_moment": "One moment. The other phone is being called.",
        "unavailable": "The other phone could not be reached. You can see more on your screen. Goodbye.",
        "accept": "Somebody calls the clinic back, and you offered to take it. Press 1 to take the call.",
    },
    "sv": {
        "press_one": "Det här är Curbside med samtalet som du bad om. Tryck 1 för att kopplas.",
        "again": "Tryck 1 för att kopplas, eller lägg på.",
        "no_key": "Ingen knapp trycktes. Ingen annan ringdes upp. Hej då.",
        "one_moment": "Ett ögonblick. Den andra telefonen rings upp.",
        "unavailable": "Den andra telefonen kunde inte nås. Du ser mer på din skärm. Hej då.",
        "accept": "Någon ringer tillbaka till kliniken, och du har erbjudit dig att svara. Tryck 1 för att svara.",
    },
}
PROMPTS_MOST: Final = 10
"""Our own timer ends a leg without the right key long before; this is for when our loop is gone."""
SAY_TIMES: Final = 3
LEFT_S: Final = 2


def instruct(instruction: Instruction, again: str, prompts: int) -> Document:
    """Write an instruction. `again` is where a key press goes, `prompts` how often a key was asked for already."""
    response = VoiceResponse()
    if instruction.step == "press_one" and prompts < PROMPTS_MOST:
        _press_one(response, instruction, again, "press_one" if prompts == 0 else "again")
    elif instruction.step == "press_one":
        _say(response, said("no_key", instruction.language), instruction.language)
    elif instruction.step == "join":
        if instruction.waits:
            _say(response, said("one_moment", instruction.language), instruction.language)
        _enter(response, instruction.room, instruction.max_s, starts=not instruction.waits)
    elif instruction.step == "stream":
        _bring(response, instruction.stream_url, instruction.token)
    elif instruction.step == "say":
        response.pause(length=1)
        for _ in range(SAY_TIMES):
            _say(response, instruction.text, instruction.language)
            response.pause(length=1)
    response.hangup()
    return _written(response)


def unavailable(language: str) -> str:
    """Return the document that tells the clinician that nobody was reached, and ends."""
    response = VoiceResponse()
    _say(response, said("unavailable", language), language)
    response.hangup()
    return str(response)


def rejoin(room: str, max_s: int) -> str:
    """Return the document that takes a leg into its room."""
    response = VoiceResponse()
    _enter(response, room, max_s, starts=True)
    response.hangup()
    return str(response)


def bring(url: str, token: str) -> str:
    """Return the document that has a leg bring its sound to us."""
    response = VoiceResponse()
    _bring(response, url, token)
    response.hangup()
    return str(response)


def route(route: Route, whisper: str, after: str) -> Document:
    """Write where an incoming call goes. `whisper` is asked by the phone that answers, `after` when nobody took it."""
    response = VoiceResponse()
    if route.to:
        dial = Dial(timeout=route.ring_s, time_limit=route.max_s, record="do-not-record", action=after, method="POST",
                    answer_on_bridge=True, **({"caller_id": route.shown} if route.shown else {}))
        dial.number(route.to, url=whisper, method="POST")
        response.append(dial)
    else:
        _say(response, route.text, route.language)
        response.hangup()
    return _written(response)


def accept(again: str, language: str, *, accepted: bool) -> Document:
    """Ask one who answers to press 1; an empty document lets the caller through."""
    response = VoiceResponse()
    if not accepted:
        with response.gather(input="dtmf", num_digits=1, timeout=10, action=again, method="POST") as gather:
            gather.say(said("accept", language), language=_voice(language))
        response.hangup()
    return _written(response)


def said(what: str, language: str) -> str:
    """Return a sentence in a language, in English where there is none."""
    return SAID.get(language[:2], SAID["en"])[what]


def _press_one(response: VoiceResponse, instruction: Instruction, again: str, what: str) -> None:
    # Longer than our own timer, which ends the leg first; this ends it when our loop is gone.
    patience = instruction.press_one_s + 5
    with response.gather(input="dtmf", num_digits=1, timeout=patience, action=again, method="POST") as gather:
        gather.say(said(what, instruction.language), language=_voice(instruction.language))
    _say(response, said("no_key", instruction.language), instruction.language)


def _enter(response: VoiceResponse, room: str, max_s: int, *, starts: bool) -> None:
    dial = Dial(time_limit=max_s)
    # Whoever leaves ends the room, so that nobody is left in it should our own hang-up be lost. An empty wait address
    # is silence in place of Twilio's music.
    dial.conference(room, beep=False, start_conference_on_enter=starts, end_conference_on_exit=True, wait_url="",
                    record="do-not-record")
    response.append(dial)
    # The one who is left stays for a moment, so that the end of the one who left is told first: it says who hung up.
    response.pause(length=LEFT_S)


def _bring(response: VoiceResponse, url: str, token: str) -> None:
    # No query: Twilio drops it. What follows in the document is done when the socket is closed.
    connect = Connect()
    connect.stream(url=url).parameter(name=TOKEN, value=token)
    response.append(connect)


def _say(response: VoiceResponse, text: str, language: str) -> None:
    response.say(text, language=_voice(language))


def _voice(language: str) -> str:
    return VOICES.get(language[:2], VOICES["en"])


def _written(response: VoiceResponse) -> Document:
    return Document(str(response).encode())
