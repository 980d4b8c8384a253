from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions_app"
    verbose_name = "Sessions"

    def ready(self) -> None:
        from core import outbox
        from sessions_app import notifications
        from sessions_app.services.outside_reading import on_wanted

        notifications.register()
        outbox.register("outside_calendar.wanted", "sessions_app.read_outside_calendar", on_wanted)
