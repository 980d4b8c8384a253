"""The whole put together: settings, addresses, entry points, and the pages that show many apps at once."""

from mentalspace.celery import app as celery_app

__all__ = ["celery_app"]
