from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        from accounts import mails
        from accounts.audit_trail import audit_inserts
        from accounts.permissions import role_may
        from core.api.permissions import register_role_table
        from core.facts import register_audit_writer

        register_audit_writer(audit_inserts)
        register_role_table(role_may)
        mails.register()
