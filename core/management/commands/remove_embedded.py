from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.embedded import EmbeddedServerError


class Command(BaseCommand):
    help = "Throw away this checkout's embedded database and Redis; the next run starts with an empty one."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-input", action="store_false", dest="asks", help="Do not ask first.")

    def handle(self, *args: Any, **options: Any) -> None:
        servers = settings.EMBEDDED_SERVERS
        if options["asks"] and not _confirmed(f"Delete everything in {servers.directory}? Type yes: "):
            raise CommandError("Nothing was deleted.")
        try:
            servers.remove()
        except EmbeddedServerError as error:
            raise CommandError(str(error)) from None


def _confirmed(question: str) -> bool:
    try:
        return input(question).strip() == "yes"
    except EOFError:
        return False
