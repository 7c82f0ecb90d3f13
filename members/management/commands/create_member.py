"""``manage.py create_member <email> …``: a member, with a password from the environment or the terminal."""

import getpass
import os
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from members import taxonomy
from members.services import create_member
from realtime.protocol import Refusal

VARIABLE = "CURBSIDE_PASSWORD"


class Command(BaseCommand):
    """Adds a member; ``--verified`` where the three checks were done outside Curbside."""

    help = "Add a member; the password is read from CURBSIDE_PASSWORD or asked for"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("email")
        parser.add_argument("--name", required=True)
        parser.add_argument("--role", choices=list(taxonomy.ROLES), default="physician")
        parser.add_argument("--specialty", choices=list(taxonomy.SPECIALTIES), default="")
        parser.add_argument("--subspecialty", choices=list(taxonomy.SUBSPECIALTIES), default="")
        parser.add_argument("--region", choices=list(taxonomy.REGIONS), default="")
        parser.add_argument("--country", default="", help="ISO 3166, two letters")
        parser.add_argument("--languages", default="en", help="ISO 639-1, separated by commas")
        parser.add_argument("--time-zone", default="UTC")
        parser.add_argument("--years", type=int, default=0, help="years in practice")
        parser.add_argument("--verified", action="store_true", help="the three checks stand")
        parser.add_argument("--no-password", action="store_true", help="signs in by token only")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, or say why not."""
        password = None if options["no_password"] else self._password()
        fields = {key: options[key] for key in (
            "name", "role", "specialty", "subspecialty", "region", "country", "time_zone", "years")}
        try:
            account = create_member(options["email"], password, verified=options["verified"],
                                    languages=options["languages"].split(","), **fields)
        except Refusal as refusal:
            raise CommandError(refusal.msg) from None
        self.stdout.write(f"added {account.email}")

    def _password(self) -> str:
        password = os.environ.get(VARIABLE) or getpass.getpass("Password: ")
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        return password
