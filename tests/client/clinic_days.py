"""What a pretended clinic looks like: the answers of the service as the screens of calls and clinics know them."""

from __future__ import annotations

import time
from typing import Any

from tests.client.pretending import Pretended, now_ms

Json = dict[str, Any]
CLINIC = "5d0c1f3a-6a55-4f57-9df2-0e2b2a1f7c10"
CALL = "Q2hhbmdlZCBieSBub2JvZA"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
OWN = {"id": "own0100", "formatted": "+1 617-555-0100", "mode": "own", "attestation": "B", "state": "live"}
HELD = {"id": "held0101", "formatted": "+1 617-555-0101", "mode": "held", "attestation": "A", "state": "live"}
ENDS = {"id": "own0102", "formatted": "+1 617-555-0102", "mode": "own", "attestation": "B", "state": "live"}
GONE = {"id": "own0103", "formatted": "+1 617-555-0103", "mode": "own", "attestation": "B", "state": "expired"}
LOPEZ: Json = {"id": "lopez58", "name": "Maria Lopez", "born": "1958", "mask": "•• 67", "second_mask": "•• 12",
               "message": "name_only", "hide_clinic": False, "language": "es", "interpreter": True,
               "guardian": "", "do_not_call": False}  # fmt: skip
OTHER_LOPEZ: Json = {**LOPEZ, "id": "lopez85", "born": "1985", "mask": "•• 31", "second_mask": None,
                     "message": "yes", "language": "en", "interpreter": False}  # fmt: skip
REED: Json = {**OTHER_LOPEZ, "id": "reed", "name": "Tom Reed", "born": "1971", "mask": "•• 40", "message": "no"}
BELL: Json = {**OTHER_LOPEZ, "id": "bell", "name": "Ann Bell", "born": "1944", "mask": "•• 55",
              "guardian": "Susan Bell", "hide_clinic": True}  # fmt: skip
PATIENTS = [LOPEZ, OTHER_LOPEZ, REED, BELL]


def setup(**changes: Any) -> Json:
    """GET /calls/setup of a physician for whom nothing stands in the way."""
    now = now_ms()
    numbers = [{**OWN, "expires_at": now + 80 * DAY}, {**HELD, "expires_at": None}, {**ENDS, "expires_at": now + 3 * DAY - HOUR},
               {**GONE, "expires_at": now - DAY}]  # fmt: skip
    clinic = {"id": CLINIC, "name": "Riverside Clinic", "role": "physician", "can_free_dial": True, "numbers": numbers}
    whole = {"phone": {"verified": True, "mask": "•• 42"}, "second_factor": True, "clinics": [clinic], "paused": False,
             "service_number": "+1 617-555-0199", "today": 3, "week": 11}  # fmt: skip
    return {**whole, **changes}


def checked(body: Json) -> Json:
    """POST /calls/check: allowed."""
    found = next((one for one in PATIENTS if one["id"] == body.get("patient")), None)
    return {"ok": True, "mask": found["mask"] if found else "•• 23", "attempts_today": 1, "attempts_week": 3}


def refused(code: str, msg: str, d: Json | None = None) -> Json:
    """POST /calls/check: not allowed."""
    return {"ok": False, "refusal": {"code": code, "msg": msg, "d": d or {}}, "mask": "•• 67", "attempts_today": 4,
            "attempts_week": 9}  # fmt: skip


def found(body: Json) -> Json:
    """POST /clinics/{id}/patients/search."""
    return {"items": [one for one in PATIENTS if body["q"].lower() in one["name"].lower()], "more": False}


def call_item(patient: Json | None, ago: int, **changes: Any) -> Json:
    """An item of GET /calls."""
    shown = patient and {name: patient[name] for name in ("id", "name", "born", "mask")}
    whole = {"r": f"call{ago}", "at": now_ms() - ago, "clinic": {"id": CLINIC, "name": "Riverside Clinic"},
             "caller_id": OWN["id"], "shown": OWN["formatted"], "mode": "own", "attestation": "B", "patient": shown,
             "mask": shown["mask"] if shown else "•• 23", "state": "ended", "cause": "completed", "by": "clinician",
             "reason": "you_hung_up", "talked_s": 0, "outcome": None, "way": "callback"}  # fmt: skip
    return {**whole, **changes}


def past_calls() -> list[Json]:
    """A physician's day."""
    retry = {"how": "no_answer", "then": "retry", "retry_at": now_ms() + 40 * MINUTE}
    spoke = {"how": "spoke", "then": "done"}
    return [
        call_item(REED, 20 * MINUTE, by="service", cause="no_answer", reason="patient_no_answer", outcome=retry),
        call_item(LOPEZ, 50 * MINUTE, talked_s=341, outcome=spoke),
        call_item(OTHER_LOPEZ, 3 * HOUR, by="service", cause="voicemail", reason="voicemail",
                  outcome={"how": "left_message", "then": "desk"}),
        call_item(None, 5 * HOUR, by="service", cause="no_key", reason="you_no_key"),
        call_item(BELL, 26 * HOUR, by="patient", cause="busy", reason="patient_busy", outcome={"how": "no_answer", "then": "done"}),
        call_item(LOPEZ, 27 * HOUR, by="patient", reason="patient_hung_up", talked_s=95, outcome={"how": "someone_else", "then": "done"}),
    ]  # fmt: skip


def record(item: Json) -> Json:
    """GET /calls/{r}: an item with its legs."""
    at = item["at"]
    legs = [
        {"side": "clinician", "n": 1, "dialing_at": at + 300, "ringing_at": at + 2100, "answered_at": at + 9000,
         "confirmed_at": at + 12_000, "ended_at": at + 353_000, "cause": "completed"},
        {"side": "patient", "n": 1, "dialing_at": at + 12_200, "ringing_at": at + 14_000, "answered_at": at + 21_000,
         "ended_at": at + 353_000, "cause": "completed"},
    ]  # fmt: skip
    return {**item, "legs": legs, "bridged_at": at + 21_100, "ended_at": at + 353_000,
            "decisions": [{"rule": "region", "says": "United States: allowed"}]}  # fmt: skip


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
    ("call.started", {"clinic": CLINIC, "clinic_name": "Riverside Clinic", "shown": OWN["formatted"], "mode": "own",
                      "attestation": "B", "way": "callback", "patient_mask": "•• 67"}),
    _leg("clinician", "dialing"), _leg("clinician", "ringing"), _leg("clinician", "answered"),
    _leg("clinician", "confirmed"), _leg("patient", "dialing"), _leg("patient", "ringing"),
    _leg("patient", "answered"), ("call.bridged", {"max_s": 3600}),
]  # fmt: skip
RINGING, PRESS_ONE, PATIENT_RINGS, CONNECTED = 3, 4, 7, 9


# --- states that a real service reaches in days or by bad luck ---------------------------------------------------------

OBSTACLES: dict[str, Json] = {
    "no_clinic": {"clinics": []},
    "paused": {"paused": True},
    "no_second_factor": {"second_factor": False},
    "no_phone": {"phone": None},
    "phone_cooling": {"phone": {"verified": False, "mask": None, "waiting": None,
                                "cooling": {"mask": "•• 77", "at": now_ms() + 20 * HOUR}}},
    "no_number": {"clinics": [{"id": CLINIC, "name": "Riverside Clinic", "role": "physician", "can_free_dial": False,
                               "paused": False, "numbers": []}]},
    "all_expired": {"clinics": [{"id": CLINIC, "name": "Riverside Clinic", "role": "physician",
                                 "can_free_dial": False, "paused": False, "numbers": [GONE]}]},
}  # fmt: skip
WAITING_PHONE: Json = {
    "verified": False, "mask": "•• 42", "cooling": None, "service_number": "+1 617-555-0199",
    "waiting": {"mask": "•• 42", "state": "called", "cause": "", "call_at": now_ms(), "expires_at": now_ms() + 9 * MINUTE,
                "attempts_left": 5, "code": "482913"},
}  # fmt: skip
RUN: Json = {"id": CLINIC, "name": "Riverside Clinic", "country": "US", "time_zone": "America/New_York", "state": "verified",
             "role": "administrator", "can_free_dial": True, "member": "place-diaz", "administrators": 1}  # fmt: skip
MEMBERS: list[Json] = [
    {"id": "place-okafor", "name": "Dr Amara Okafor", "role": "physician", "can_free_dial": True,
     "joined_at": now_ms() - 90 * DAY, "me": False},
    {"id": "place-diaz", "name": "Rosa Díaz", "role": "administrator", "can_free_dial": False,
     "joined_at": now_ms() - 400 * DAY, "me": True},
    {"id": "place-lund", "name": "Karin Lund", "role": "desk", "can_free_dial": False, "joined_at": now_ms() - 9 * DAY,
     "me": False},
]  # fmt: skip
INVITED: list[Json] = [{"id": "inv1", "email": "peter.ng@riverside.example", "role": "physician", "can_free_dial": False,
                        "expires_at": now_ms() + 12 * DAY}]  # fmt: skip
TOUCHES: Json = {"last_administrator": False, "items": [
    {"kind": "grants", "says": "Numbers that they may show; this ends", "count": 2, "needs_heir": False},
    {"kind": "calls", "says": "Running calls", "count": 1, "needs_heir": False},
    {"kind": "on_call", "says": "Turns on call", "count": 1, "needs_heir": True},
]}  # fmt: skip


def numbers() -> list[Json]:
    """GET /clinics/{id}/numbers: one of each state."""
    now = now_ms()
    plain: Json = {"extension": False, "asked_by": "Rosa Díaz", "approved_by": "Rosa Díaz", "can_approve": False,
                   "single": False, "single_until": None, "holder": None, "lent": [], "proof": None, "says": "",
                   "calls_back": "", "grants": [{"member": "place-okafor", "name": "Dr Amara Okafor", "until": None}]}  # fmt: skip
    proof = {"state": "calling", "cause": "", "call_at": now, "expires_at": now + 9 * MINUTE, "attempts_left": 5,
             "code": None}  # fmt: skip
    return [
        {**OWN, **plain, "expires_at": now + 71 * DAY, "lent": [{"id": "l1", "clinic": "Riverside Children", "state": "live"}]},
        {**ENDS, **plain, "expires_at": now + 3 * DAY - HOUR},
        {**GONE, **plain, "expires_at": now - DAY, "grants": []},
        {**OWN, **plain, "id": "new1", "formatted": "+1 617-555-0104", "state": "proving", "proof": proof, "extension": True,
         "expires_at": None, "grants": []},
        {**OWN, **plain, "id": "new2", "formatted": "+1 617-555-0105", "state": "approving", "expires_at": None, "grants": [],
         "asked_by": "Peter Ng", "can_approve": True},
        {**OWN, **plain, "id": "new3", "formatted": "+1 617-555-0106", "state": "approving", "expires_at": None, "grants": [],
         "single": True, "single_until": now + 22 * HOUR},
        {**HELD, **plain, "expires_at": None},
    ]  # fmt: skip


def slips() -> list[Json]:
    """GET /clinics/{id}/slips, of every kind."""
    now = now_ms()

    def one(name: str, patient: Json, **changes: Any) -> Json:
        who = {key: patient[key] for key in ("id", "name", "born", "mask")}
        return {"id": name, "kind": "outgoing", "at": now - 2 * HOUR, "patient": who, "shown": OWN["formatted"], "mode": "own",
                "calls_back": False, "callers": ["Dr Amara Okafor"], "cause": "no_answer", "state": "open", "claimed_by": None,
                "mine": False, "called_back_at": None, "expires_at": now + 20 * HOUR, "until": None, "closed_at": None, "how": "",
                "r": "call1", **changes}  # fmt: skip

    held = {"mode": "held", "calls_back": True}
    stranger = {"id": None, "name": None, "born": None, "mask": "•• 88"}
    return [
        one("s1", REED, **held, until=now + 3 * HOUR),
        one("s2", OTHER_LOPEZ, called_back_at=now - 10 * MINUTE, **held),
        one("s3", stranger, kind="incoming", callers=[], **held),
        one("s4", BELL, state="claimed", mine=True, claimed_by="Rosa Díaz"),
        one("s5", LOPEZ, state="claimed", claimed_by="Karin Lund"),
    ]


def chart() -> Json:
    """GET /clinics/{id}/calls/minutes."""
    talk = [0, 12, 31, 9, 0, 0, 22, 41, 18, 25, 7, 0, 0, 33, 52, 29, 14, 38, 0, 0, 19, 27, 44, 36, 11, 0, 0, 30, 48, 16]
    start = now_ms() - 29 * DAY
    days = [{"day": time.strftime("%Y-%m-%d", time.gmtime((start + n * DAY) / 1000)), "minutes": float(m), "calls": m // 6}
            for n, m in enumerate(talk)]  # fmt: skip
    reasons = [("patient_hung_up", 61), ("you_hung_up", 38), ("patient_no_answer", 27), ("voicemail", 14), ("patient_busy", 6),
               ("you_no_answer", 3)]  # fmt: skip
    return {"days": days, "reasons": [{"reason": r, "says": "", "count": n} for r, n in reasons],
            "refusals": [{"reason": "call.region", "says": "", "count": 2}]}  # fmt: skip


def open_clinic(voice: Pretended) -> None:
    """Everything an administrator's window asks for on the screens of a clinic."""
    open_day(voice)
    voice.answer("/clinics", {"items": [RUN], "invitations": []})
    here = f"/clinics/{CLINIC}"
    calls = [{**item, "who": "Dr Amara Okafor"} for item in past_calls()]
    voice.answer(f"{here}/calls", {"items": calls, "next": None})
    voice.answer(f"{here}/calls/minutes", chart())
    voice.answer(f"{here}/numbers", {"items": numbers()})
    voice.answer(f"{here}/members", {"items": MEMBERS, "invitations": INVITED})
    voice.answer(f"{here}/members/place-okafor/touches", TOUCHES)
    voice.answer(f"{here}/members/place-diaz/touches", {"last_administrator": True, "items": []})
    voice.answer(f"{here}/slips", {"items": slips(), "next": None})
    voice.answer(f"{here}/incoming", {
        "route": "hours", "after_hours": "message", "language": "en", "desk": {"mask": "•• 20"},
        "hours": [{"day": day, "from": "08:00", "to": "17:00"} for day in range(3)],
        "on_call": [{"id": "t1", "member": "place-okafor", "name": "Dr Amara Okafor", "mask": "•• 21",
                     "from": now_ms(), "until": now_ms() + 12 * HOUR}],
    })  # fmt: skip


def imported(body: Json) -> Json:
    """POST /clinics/{id}/patients/import: every ninth row is wrong."""
    rows = body["csv"].count("\n")
    wrong = [{"line": n, "field": "number", "code": "patient.number", "msg": "This is not a number that can be called."}
             for n in range(2, rows + 2, 9)]  # fmt: skip
    return {"added": rows - len(wrong) - 1, "known": 1, "wrong": wrong}
