"""Fills a migrated database with members who may call, and with calls in progress; prints who may sign in as JSON.

Run as a program with the settings of the server under test: `python -m bench.callseed --members 200 --connected 1000`.
Members, clinics and rights are written directly; calls in progress are made by the services and the machine.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import uuid
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any, Final

import django

CLINIC_OF: Final = 25
ANSWERS: Final = "+16175550150"


def make_members(count: int) -> list[dict[str, Any]]:
    """Members of clinics of 25, each with a phone, a second factor, a right to the clinic's number, and a patient."""
    from allauth.mfa.models import Authenticator
    from django.utils import timezone

    from members.models import Account, Clinic, ClinicMembership
    from realtime.tickets import issue_ticket
    from voice.models import ClinicLimits, ClinicNumber, Grant, OwnPhone, Patient
    from voice.sealed import EVERYWHERE, blind_index, seal_in

    now, people = timezone.now(), []
    for number in range(count):
        if number % CLINIC_OF == 0:
            clinic = Clinic.objects.create(name=f"Bench Clinic {number}", country="US", state="verified",
                                           time_zone="America/New_York", verified_at=now)
            ClinicLimits.objects.create(clinic=clinic, hours_from=time(0), hours_to=time(0))
            shown = ClinicNumber(clinic=clinic, mode="held", attestation="A", evidence="bench", state="live",
                                 asked_at=now, proved_at=now, expires_at=now + timedelta(days=90))
            e164 = f"+1617556{number // CLINIC_OF:04}"
            seal_in(shown, "number", e164)
            shown.number_index = blind_index(EVERYWHERE, e164)
            shown.save()
        account = Account.objects.create(
            id=uuid.uuid4(), email=f"caller{number}@bench.example", name=f"Bench Caller {number}", password="!",
            role="physician", specialty="emergency_medicine", languages=["en"], region="Europe", verified_at=now)
        place = ClinicMembership.objects.create(clinic=clinic, account=account, role="physician")
        Authenticator.objects.create(user=account, type=Authenticator.Type.TOTP, data={"secret": "none"})
        Grant.objects.create(clinic_number=shown, membership=place, given_at=now)
        phone = OwnPhone(account=account, added_at=now, proved_at=now, usable_at=now,
                         number_index=blind_index(EVERYWHERE, f"+16175{number:04}50"))
        seal_in(phone, "number", f"+16175{number:04}50")
        phone.save()
        patient = Patient(clinic=clinic)
        for column, text in (("name", f"Patient {number}"), ("number", f"+1617558{number % 100:02}50")):
            seal_in(patient, column, text)
        patient.save()
        people.append({"member": str(account.pk), "ticket": issue_ticket(str(account.pk), "bench")[0],
                       "d": {"clinic": str(clinic.pk), "caller_id": shown.pk, "patient": patient.pk, "looked": True}})
    return people


def connect(people: list[dict[str, Any]], count: int) -> None:
    """Make calls in which the two talk, of whom the carrier spoke within the last two minutes.

    Each member has many of them, which the budgets would refuse: these calls are only there to be kept.
    """
    from django.utils import timezone

    from members.vault import inbox_of
    from realtime.commands import Request
    from realtime.log import digest_of
    from realtime.rows import Part
    from voice import permits
    from voice.call import KeyPressed, Leg, LegChanged, Side
    from voice.holding import holding
    from voice.models import Action, Attempt, LoopbackLeg
    from voice.permits import Permit
    from voice.rulebook import Rules
    from voice.starting import start

    class Unbounded(Rules):
        """The rules, asked once for a member, without budgets."""

        permit = cache(Rules.permit)

        def reserve(self, call: str, permit: Permit, carrier: str, now: datetime
                    ) -> tuple[list[dict[str, Any]], list[Part]]:
            """Take nothing."""
            return [], []

    permits.use(Unbounded())
    now = timezone.now()
    events = (LegChanged(Side.CLINICIAN, 1, Leg.ANSWERED), KeyPressed(Side.CLINICIAN, 1, "1"),
              LegChanged(Side.PATIENT, 1, Leg.RINGING), LegChanged(Side.PATIENT, 1, Leg.ANSWERED))
    for number in range(count):
        person = people[number % len(people)]
        stream, seat = inbox_of(person["member"])
        digest = digest_of("call.start", person["d"])
        request = Request(person["member"], stream, seat, "", str(uuid.uuid4()), "call.start", person["d"], digest)
        reply = start(request, now)
        assert reply.made is not None
        with holding(reply.made, now) as held:
            for event in events:
                held.feed(event)
        Action.objects.filter(call=reply.made).update(state="done", done_at=now)
        for attempt in Attempt.objects.filter(call=reply.made):
            leg = LoopbackLeg.objects.create(
                reference=attempt.reference, script="answers", room="bench", steps=[], state="answered", max_s=7200,
                said=4, dialed_at=now, ends_at=now + timedelta(hours=2), next_at=now + timedelta(hours=2))
            attempt.carrier_id = leg.pk
            attempt.heard_at = now - timedelta(seconds=random.uniform(0, 120))
            attempt.save(update_fields=["carrier_id", "heard_at"])


def main() -> None:
    """Make it and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--connected", type=int, default=0, help="calls in progress")
    asked = parser.parse_args()
    django.setup()
    people = make_members(asked.members)
    connect(people, asked.connected)
    json.dump(people, sys.stdout)


if __name__ == "__main__":
    main()
