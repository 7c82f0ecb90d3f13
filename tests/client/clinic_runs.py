"""What an administrator's window of a pretended clinic asks for: one of every kind and of every state."""

from __future__ import annotations

import time
from typing import Any

from tests.client.clinic_days import (
    BELL,
    CLINIC,
    DAY,
    ENDS,
    GONE,
    HELD,
    HOUR,
    LOPEZ,
    MINUTE,
    OTHER_LOPEZ,
    OWN,
    REED,
    Json,
    open_day,
    past_calls,
)
from tests.client.pretending import Pretended, now_ms

RUN: Json = {
    "id": CLINIC,
    "name": "Riverside Clinic",
    "country": "US",
    "time_zone": "America/New_York",
    "state": "verified",
    "role": "administrator",
    "can_free_dial": True,
    "member": "place-diaz",
    "administrators": 1,
}
MEMBERS: list[Json] = [
    {
        "id": "place-okafor",
        "name": "Dr Amara Okafor",
        "role": "physician",
        "can_free_dial": True,
        "joined_at": now_ms() - 90 * DAY,
        "me": False,
    },
    {
        "id": "place-diaz",
        "name": "Rosa Díaz",
        "role": "administrator",
        "can_free_dial": False,
        "joined_at": now_ms() - 400 * DAY,
        "me": True,
    },
    {
        "id": "place-lund",
        "name": "Karin Lund",
        "role": "desk",
        "can_free_dial": False,
        "joined_at": now_ms() - 9 * DAY,
        "me": False,
    },
]
INVITED: list[Json] = [
    {
        "id": "inv1",
        "email": "peter.ng@riverside.example",
        "role": "physician",
        "can_free_dial": False,
        "expires_at": now_ms() + 12 * DAY,
    }
]
ROLES = ["physician", "desk", "administrator"]


def touch(kind: str, count: int, **more: Any) -> Json:
    """Something that a member holds, as GET …/touches has it."""
    return {"kind": kind, "says": kind, "count": count, "needs_heir": False, "heir_roles": [], "choices": [], **more}


TOUCHES: Json = {
    "last_administrator": False,
    "items": [
        touch("grants", 2, heir_roles=ROLES, choices=[
            {"id": "g1", "says": "+1 617-555-0100", "until": None},
            {"id": "g2", "says": "+1 617-555-0101", "until": now_ms() + 9 * DAY},
        ]),
        touch("calls", 1),
        touch("on_call", 1, needs_heir=True, heir_roles=ROLES),
        touch("slips", 1, heir_roles=["desk", "administrator"]),
        touch("approvals", 1),
    ],
}


def numbers() -> list[Json]:
    """GET /clinics/{id}/numbers: one of each state."""
    now = now_ms()
    plain: Json = {
        "extension": False,
        "asked_by": "Rosa Díaz",
        "approved_by": "Rosa Díaz",
        "can_approve": False,
        "single": False,
        "single_until": None,
        "holder": None,
        "lent": [],
        "proof": None,
        "says": "",
        "calls_back": "",
        "grants": [{"member": "place-okafor", "name": "Dr Amara Okafor", "until": None}],
    }
    proof = {
        "state": "calling",
        "cause": "",
        "call_at": now,
        "expires_at": now + 9 * MINUTE,
        "attempts_left": 5,
        "code": None,
    }
    return [
        {
            **OWN,
            **plain,
            "expires_at": now + 71 * DAY,
            "lent": [{"id": "l1", "clinic": "Riverside Children", "state": "live"}],
        },
        {**ENDS, **plain, "expires_at": now + 3 * DAY - HOUR},
        {**GONE, **plain, "expires_at": now - DAY, "grants": []},
        {
            **OWN,
            **plain,
            "id": "new1",
            "formatted": "+1 617-555-0104",
            "state": "proving",
            "proof": proof,
            "extension": True,
            "expires_at": None,
            "grants": [],
        },
        {
            **OWN,
            **plain,
            "id": "new2",
            "formatted": "+1 617-555-0105",
            "state": "approving",
            "expires_at": None,
            "grants": [],
            "asked_by": "Peter Ng",
            "can_approve": True,
        },
        {
            **OWN,
            **plain,
            "id": "new3",
            "formatted": "+1 617-555-0106",
            "state": "approving",
            "expires_at": None,
            "grants": [],
            "single": True,
            "single_until": now + 22 * HOUR,
        },
        {**HELD, **plain, "expires_at": None},
    ]


def ended() -> list[Json]:
    """What GET /clinics/{id}/numbers has in `ended`: revoked here and by the clinic that lent it, and expired there."""
    now = now_ms()
    plain: Json = {"mode": "own", "holder": None, "approved_at": now - 99 * DAY, "expires_at": None,
                   "revoked_at": None, "revoked_by": None, "revoked_why": "", "state": "revoked"}  # fmt: skip
    lent = {"holder": "Riverside Children"}
    why = "Ported to another carrier; the switchboard has a new number from the first of the month on."
    return [
        {**plain, "id": "e1", "formatted": "+1 617-555-0107", "state": "expired", "expires_at": now - 2 * DAY, **lent},
        {**plain, "id": "e2", "formatted": "+1 617-555-0108", "revoked_at": now - 5 * DAY, "revoked_by": "Rosa Díaz",
         "revoked_why": why},
        {**plain, "id": "e3", "formatted": "+1 617-555-0109", "revoked_at": now - 60 * DAY, **lent},
    ]  # fmt: skip


def slips() -> list[Json]:
    """GET /clinics/{id}/slips, of every kind."""
    now = now_ms()

    def one(name: str, patient: Json, **changes: Any) -> Json:
        who = {key: patient[key] for key in ("id", "name", "born", "mask")}
        return {
            "id": name,
            "kind": "outgoing",
            "at": now - 2 * HOUR,
            "patient": who,
            "shown": OWN["formatted"],
            "mode": "own",
            "calls_back": False,
            "callers": ["Dr Amara Okafor"],
            "cause": "no_answer",
            "state": "open",
            "claimed_by": None,
            "mine": False,
            "called_back_at": None,
            "expires_at": now + 20 * HOUR,
            "until": None,
            "closed_at": None,
            "how": "",
            "r": "call1",
            **changes,
        }

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
    days = [
        {"day": time.strftime("%Y-%m-%d", time.gmtime((start + n * DAY) / 1000)), "minutes": float(m), "calls": m // 6}
        for n, m in enumerate(talk)
    ]
    reasons = [
        ("patient_hung_up", 61),
        ("you_hung_up", 38),
        ("patient_no_answer", 27),
        ("voicemail", 14),
        ("patient_busy", 6),
        ("you_no_answer", 3),
    ]
    return {
        "days": days,
        "reasons": [{"reason": r, "says": "", "count": n} for r, n in reasons],
        "refusals": [{"reason": "call.region", "says": "", "count": 2}],
    }


def open_clinic(voice: Pretended) -> None:
    """Everything an administrator's window asks for on the screens of a clinic."""
    open_day(voice)
    voice.answer("/clinics", {"items": [RUN], "invitations": []})
    here = f"/clinics/{CLINIC}"
    calls = [{**item, "who": "Dr Amara Okafor"} for item in past_calls()]
    voice.answer(f"{here}/calls", {"items": calls, "next": None})
    voice.answer(f"{here}/calls/minutes", chart())
    voice.answer(f"{here}/numbers", {"items": numbers(), "ended": ended()})
    voice.answer(f"{here}/members", {"items": MEMBERS, "invitations": INVITED})
    voice.answer(f"{here}/members/place-okafor/touches", TOUCHES)
    voice.answer(f"{here}/members/place-diaz/touches", {"last_administrator": True, "items": []})
    voice.answer(f"{here}/slips", {"items": slips(), "next": None})
    voice.answer(
        f"{here}/incoming",
        {
            "route": "hours",
            "after_hours": "message",
            "language": "en",
            "desk": {"mask": "•• 20"},
            "hours": [{"day": day, "from": "08:00", "to": "17:00"} for day in range(3)],
            "on_call": [
                {
                    "id": "t1",
                    "member": "place-okafor",
                    "name": "Dr Amara Okafor",
                    "mask": "•• 21",
                    "from": now_ms(),
                    "until": now_ms() + 12 * HOUR,
                }
            ],
        },
    )


def imported(body: Json) -> Json:
    """POST /clinics/{id}/patients/import: every ninth row is wrong."""
    rows = body["csv"].count("\n")
    wrong = [
        {"line": n, "field": "number", "code": "patient.number", "msg": "This is not a number that can be called."}
        for n in range(2, rows + 2, 9)
    ]
    return {"added": rows - len(wrong) - 1, "known": 1, "wrong": wrong}
