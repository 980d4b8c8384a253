from django.apps import AppConfig
from django.core import checks


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        from core.checks import check_settings
        from core.crypto import checks as crypto_checks  # noqa: F401  registers them

        checks.register(check_settings)
