from typing import Any

from django.core.management.base import BaseCommand

from core.relay import Relay


class Command(BaseCommand):
    help = "Hand due outbox entries to the workers, until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        relay = Relay()
        relay.stop_on_signals()
        relay.run()
