from django.apps import AppConfig
from django.core import checks


class CrisisConfig(AppConfig):
    name = "crisis"
    verbose_name = "Help now"

    def ready(self) -> None:
        checks.register(check_hotlines)


def check_hotlines(**kwargs: object) -> list[checks.CheckMessage]:
    """The help page is the last one that may break: its data is read when the process is checked, not when needed."""
    from crisis import hotlines

    try:
        hotlines.directory()
    except (OSError, ValueError, LookupError, TypeError) as error:
        hint = "Run manage.py rebuild_hotlines (docs/crisis.md)."
        return [
            checks.Error(f"The data of the help lines cannot be read: {error}", hint=hint, id="crisis.E001")
        ]
    return []
