from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        from accounts.audit import write_audit_events
        from core.facts import register_audit_writer

        register_audit_writer(write_audit_events)
