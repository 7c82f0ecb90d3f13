"""``manage.py create_token <email>``: a token for a program, printed once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from members.models import Account
from members.tokens import LIFE, create_token
from realtime.protocol import Refusal


class Command(BaseCommand):
    """Prints a new token of a member and nothing else, so that a script can take it."""

    help = "Make a token for a phone or a program, and print it"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("email")
        parser.add_argument("--name", default="terminal", help="what the member's list of tokens calls it")
        parser.add_argument("--days", type=int, default=LIFE.days, help="after how many days it ends")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, or say why not."""
        account = Account.objects.filter(email=options["email"].strip().lower()).first()
        if account is None:
            raise CommandError("nobody has this email")
        try:
            _, secret = create_token(account, options["name"], days=options["days"])
        except Refusal as refusal:
            raise CommandError(refusal.msg) from None
        self.stdout.write(secret)
