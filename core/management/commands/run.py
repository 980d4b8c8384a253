import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core import running


class Command(BaseCommand):
    requires_system_checks = []  # the web process makes them
    help = "Run the whole of it for development: servers, data, processes. `make run` calls this."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
        parser.add_argument("--port", type=int, default=os.environ.get("PORT") or 8000)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "This is for development (DEBUG=true). docs/deployment.md says how to run it for people."
            )
        try:
            exit_code = running.run(host=options["host"], port=options["port"])
        except running.CannotRunError as error:
            raise SystemExit(str(error)) from None
        raise SystemExit(exit_code)
