"""What a pretended clinic looks like: the answers of the service as the screens of calls and clinics know them."""

from __future__ import annotations

from typing import Any

from tests.client.pretending import Pretended, now_ms

Json = dict[str, Any]
ZONE = "America/New_York"
CLINIC = "5d0c1f3a-6a55-4f57-9df2-0e2b2a1f7c10"
CALL = "Q2hhbmdlZCBieSBub2JvZA"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
OWN = {"id": "own0100", "formatted": "+1 617-555-0100", "mode": "own", "attestation": "B", "state": "live"}
HELD = {"id": "held0101", "formatted": "+1 617-555-0101", "mode": "held", "attestation": "A", "state": "live"}
ENDS = {"id": "own0102", "formatted": "+1 617-555-0102", "mode": "own", "attestation": "B", "state": "live"}
GONE = {"id": "own0103", "formatted": "+1 617-555-0103", "mode": "own", "attestation": "B", "state": "expired"}
LOPEZ: Json = {
    "id": "lopez58",
    "name": "Maria Lopez",
    "born": "1958",
    "mask": "•• 67",
    "second_mask": "•• 12",
    "message": "name_only",
    "hide_clinic": False,
    "language": "es",
    "interpreter": True,
    "guardian": "",
    "do_not_call": False,
    "wrong": False,
    "second_wrong": False,
}
OTHER_LOPEZ: Json = {
    **LOPEZ,
    "id": "lopez85",
    "born": "1985",
    "mask": "•• 31",
    "second_mask": None,
    "message": "yes",
    "language": "en",
    "interpreter": False,
}
REED: Json = {**OTHER_LOPEZ, "id": "reed", "name": "Tom Reed", "born": "1971", "mask": "•• 40", "message": "no"}
BELL: Json = {
    **OTHER_LOPEZ,
    "id": "bell",
    "name": "Ann Bell",
    "born": "1944",
    "mask": "•• 55",
    "guardian": "Susan Bell",
    "hide_clinic": True,
}
PATIENTS = [LOPEZ, OTHER_LOPEZ, REED, BELL]


def setup(**changes: Any) -> Json:
    """GET /calls/setup of a physician for whom nothing stands in the way."""
    now = now_ms()
    numbers = [
        {**OWN, "expires_at": now + 80 * DAY},
        {**HELD, "expires_at": None},
        {**ENDS, "expires_at": now + 3 * DAY - HOUR},
        {**GONE, "expires_at": now - DAY},
    ]
    place = {"role": "physician", "can_free_dial": True, "paused": False}
    named = {"id": CLINIC, "name": "Riverside Clinic", "time_zone": ZONE, "country": "US"}
    clinic = {**named, **place, "numbers": numbers}
    whole = {
        "phone": {"verified": True, "mask": "•• 42"},
        "second_factor": True,
        "clinics": [clinic],
        "paused": False,
        "pause": None,
        "service_number": "+1 617-555-0199",
        "webrtc": False,
        "today": 3,
        "week": 11,
    }
    return {**whole, **changes}


def checked(body: Json) -> Json:
    """POST /calls/check: allowed."""
    found = next((one for one in PATIENTS if one["id"] == body.get("patient")), None)
    return {"ok": True, "mask": found["mask"] if found else "•• 23", "attempts_today": 1, "attempts_week": 3}


def refused(code: str, msg: str, d: Json | None = None) -> Json:
    """POST /calls/check: not allowed."""
    return {
        "ok": False,
        "refusal": {"code": code, "msg": msg, "d": d or {}},
        "mask": "•• 67",
        "attempts_today": 4,
        "attempts_week": 9,
    }


def found(body: Json) -> Json:
    """POST /clinics/{id}/patients/search."""
    return {"items": [one for one in PATIENTS if body["q"].lower() in one["name"].lower()], "more": False}


def call_item(patient: Json | None, ago: int, **changes: Any) -> Json:
    """An item of GET /calls."""
    shown = patient
    whole = {
        "r": f"call{ago}",
        "at": now_ms() - ago,
        "clinic": {"id": CLINIC, "name": "Riverside Clinic", "time_zone": ZONE},
        "caller_id": OWN["id"],
        "shown": OWN["formatted"],
        "mode": "own",
        "attestation": "B",
        "patient": shown,
        "mask": shown["mask"] if shown else "•• 23",
        "state": "ended",
        "cause": "completed",
        "by": "clinician",
        "reason": "you_hung_up",
        "talked_s": 0,
        "outcome": None,
        "way": "callback",
    }
    return {**whole, **changes}


def past_calls() -> list[Json]:
    """A physician's day."""
    retry = {"how": "no_answer", "then": "retry", "retry_at": now_ms() + 40 * MINUTE}
    spoke = {"how": "spoke", "then": "done"}
    return [
        call_item(REED, 20 * MINUTE, by="service", cause="no_answer", reason="patient_no_answer", outcome=retry),
        call_item(LOPEZ, 50 * MINUTE, talked_s=341, outcome=spoke),
        call_item(
            OTHER_LOPEZ,
            3 * HOUR,
            by="service",
            cause="voicemail",
            reason="voicemail",
            outcome={"how": "left_message", "then": "desk"},
        ),
        call_item(None, 5 * HOUR, by="service", cause="no_key", reason="you_no_key"),
        call_item(
            BELL,
            26 * HOUR,
            by="patient",
            cause="busy",
            reason="patient_busy",
            outcome={"how": "no_answer", "then": "done"},
        ),
        call_item(
            LOPEZ,
            27 * HOUR,
            by="patient",
            reason="patient_hung_up",
            talked_s=95,
            outcome={"how": "someone_else", "then": "done"},
        ),
    ]


def record(item: Json) -> Json:
    """GET /calls/{r}: an item with its legs."""
    at = item["at"]
    legs = [
        {
            "side": "clinician",
            "n": 1,
            "dialing_at": at + 300,
            "ringing_at": at + 2100,
            "answered_at": at + 9000,
            "confirmed_at": at + 12_000,
            "ended_at": at + 353_000,
            "cause": "completed",
        },
        {
            "side": "patient",
            "n": 1,
            "dialing_at": at + 12_200,
            "ringing_at": at + 14_000,
            "answered_at": at + 21_000,
            "ended_at": at + 353_000,
            "cause": "completed",
        },
    ]
    return {
        **item,
        "legs": legs,
        "bridged_at": at + 21_100,
        "ended_at": at + 353_000,
        "call_back_until": None,
        "slip_until": None,
        "outcome_until": at + 353_000 + 3 * DAY,
        "decisions": [{"rule": "region", "says": "US", "used": None, "limit": None}],
    }


def open_day(voice: Pretended, **changes: Any) -> None:
    """Everything a physician's window asks for on the screens of calls."""
    voice.answer("/calls/setup", setup(**changes))
    voice.answer("/calls", {"items": past_calls(), "next": None})
    voice.answer("/calls/check", checked, "POST")
    voice.answer(f"/clinics/{CLINIC}/patients/search", found, "POST")
    voice.answer("/clinics", {"items": []})
    voice.answer("/phone", {"verified": True, "mask": "•• 42", "service_number": "+1 617-555-0199"})


def ring(voice: Pretended, steps: int) -> None:
    """A call to the elder Maria Lopez that has come so many steps far."""
    item = call_item(LOPEZ, 0, r=CALL, state="live")
    voice.answer(f"/calls/{CALL}", {**item, "legs": []})
    voice.stream(CALL)
    for kind, d in STEPS[:steps]:
        voice.tell(CALL, kind, d)


def _leg(side: str, leg: str, **more: Any) -> tuple[str, Json]:
    return "call.leg", {"side": side, "n": 1, "leg": leg, **more}


STEPS: list[tuple[str, Json]] = [
    (
        "call.started",
        {
            "clinic": CLINIC,
            "clinic_name": "Riverside Clinic",
            "shown": OWN["formatted"],
            "mode": "own",
            "attestation": "B",
            "way": "callback",
            "patient_mask": "•• 67",
        },
    ),
    _leg("clinician", "dialing"),
    _leg("clinician", "ringing"),
    _leg("clinician", "answered"),
    _leg("clinician", "confirmed"),
    _leg("patient", "dialing"),
    _leg("patient", "ringing"),
    _leg("patient", "answered"),
    ("call.bridged", {"max_s": 3600}),
]
RINGING, PRESS_ONE, PATIENT_RINGS, CONNECTED = 3, 4, 7, 9


OBSTACLES: dict[str, Json] = {
    "no_clinic": {"clinics": []},
    "paused": {"paused": True},
    "paused_by_team": {
        "paused": True,
        "pause": {"since": now_ms() - 40 * MINUTE, "reason": "The carrier shows a wrong number to patients."},
    },
    "no_second_factor": {"second_factor": False},
    "no_phone": {"phone": None},
    "phone_cooling": {
        "phone": {
            "verified": False,
            "mask": None,
            "waiting": None,
            "cooling": {"mask": "•• 77", "at": now_ms() + 20 * HOUR},
        }
    },
    "no_number": {
        "clinics": [
            {
                "id": CLINIC,
                "name": "Riverside Clinic",
                "time_zone": ZONE,
                "role": "physician",
                "can_free_dial": False,
                "paused": False,
                "numbers": [],
            }
        ]
    },
    "all_expired": {
        "clinics": [
            {
                "id": CLINIC,
                "name": "Riverside Clinic",
                "time_zone": ZONE,
                "role": "physician",
                "can_free_dial": False,
                "paused": False,
                "numbers": [GONE],
            }
        ]
    },
}
WAITING_PHONE: Json = {
    "verified": False,
    "mask": "•• 42",
    "cooling": None,
    "service_number": "+1 617-555-0199",
    "waiting": {
        "mask": "•• 42",
        "state": "called",
        "cause": "",
        "call_at": now_ms(),
        "expires_at": now_ms() + 9 * MINUTE,
        "attempts_left": 5,
        "code": "482913",
    },
}
