"""The worker's application. Its settings are the CELERY_* ones of mentalspace/settings.py."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mentalspace.settings")

app = Celery("mentalspace")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
