"""`manage.py create_admin`: the first administrator of a new house; later ones are made in the console."""

from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.roles import Role
from accounts.services.people import NewAccount, create_staff


class Command(BaseCommand):
    help = "Make an administrator's account and send its owner an invitation to choose a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--first-name", required=True)
        parser.add_argument("--last-name", required=True)
        parser.add_argument("--timezone", default="UTC", help="IANA name, such as Asia/Kolkata.")
        parser.add_argument("--ask-password", action="store_true", help="Choose it here instead of by mail.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            account = NewAccount(
                first_name=options["first_name"],
                last_name=options["last_name"],
                email=options["email"],
                timezone=options["timezone"],
                password=_asked_password() if options["ask_password"] else None,
            )
            create_staff(account=account, role=Role.ADMIN, actor=None)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(
            "The account is there." if options["ask_password"] else "An invitation is on its way."
        )


def _asked_password() -> str:
    password = getpass("Password: ")
    if getpass("The same again: ") != password:
        raise CommandError("They differ.")
    validate_password(password)
    return password
