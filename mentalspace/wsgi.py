"""HTTP in production: granian serves this, one blocking thread a worker (docs/performance.md)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mentalspace.settings")

application = get_wsgi_application()
