"""`manage.py demo_data`: a working clinic in an empty database, for development only (docs/demo.md)."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from mentalspace.demo.clinic import open_clinic


class Command(BaseCommand):
    help = "Fill an empty database with the demo clinic. DEBUG only; does nothing where there are people already."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo clinic has a password that everybody knows: it is for DEBUG only.")
        if User.objects.exists():
            self.stdout.write("There are people in this database already, so it stays as it is.")
            return
        began = time.monotonic()
        open_clinic(now=timezone.now(), say=self.stdout.write)
        self.stdout.write(f"The demo clinic is open ({time.monotonic() - began:.0f} s).")
