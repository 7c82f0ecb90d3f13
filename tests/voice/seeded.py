"""Makes Riverside Clinic in the database of a server under test, and prints what a client of it needs, as JSON.

Run as a program with the settings of that server: `python -m tests.voice.seeded`.
"""

from __future__ import annotations

import json
import sys

import django


def main() -> None:
    """Make it and print it."""
    from django.conf import settings

    from members.tokens import create_token
    from realtime.tickets import issue_ticket
    from tests.members.browser import Browser
    from tests.members.people import make_member
    from tests.voice.riverside import Riverside

    world = Riverside()
    staff = Browser().sign_in(make_member(is_staff=True, is_superuser=True)).client
    made = {
        "member": world.member,
        "ticket": issue_ticket(world.member, "tests")[0],
        "token": create_token(world.amara.account, "tests")[1],
        "administrator": create_token(world.rosa.account, "tests")[1],
        "email": world.rosa.account.email,
        "staff": staff.cookies[settings.SESSION_COOKIE_NAME].value,
        "clinic": world.id,
        "caller_id": world.held.pk,
        "patient": world.maria.pk,
    }
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    django.setup()
    main()
