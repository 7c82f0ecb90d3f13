"""``manage.py import_patients --clinic … --by … < patients.csv``: an address book from CSV, as over HTTP."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from members.clinics import access_verified
from members.models import Account
from realtime.protocol import Refusal
from voice.importing import import_patients

MOST = 5_000


class Command(BaseCommand):
    """Reads the file from the standard input, so that no name is in a list of processes or a shell's history."""

    help = "Add patients of a clinic from a CSV file on the standard input; rows that are wrong are named by line"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--clinic", required=True, help="the clinic's id")
        parser.add_argument("--by", required=True, help="the email of a member of the clinic, in whose name it is done")
        parser.add_argument("--dry", action="store_true", help="only say what would become of it")

    def handle(self, *args: Any, clinic: str, by: str, dry: bool, **options: Any) -> None:
        """Import, and say what became of the rows. Ends with an error where one was wrong."""
        account = Account.objects.filter(email=by.strip().lower()).first()
        try:
            if account is None:
                raise CommandError("nobody has this email")
            text = sys.stdin.buffer.read().decode("utf-8")
            result = import_patients(access_verified(account, clinic), text, timezone.now(), dry=dry, most=MOST)
        except Refusal as refusal:
            raise CommandError(refusal.msg) from None
        except UnicodeDecodeError:
            raise CommandError("The file is not UTF-8.") from None
        self.stdout.write(f"{result.added} {'would be added' if dry else 'added'}, {result.known} known already")
        for wrong in result.wrong:
            self.stderr.write(f"line {wrong.line}, {wrong.field or 'row'}: {wrong.msg}")
        if result.wrong:
            raise CommandError(f"{len(result.wrong)} rows were not taken")
