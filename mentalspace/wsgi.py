"""HTTP in production: granian serves this, one blocking thread a worker (docs/performance.md)."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mentalspace.settings")

application = get_wsgi_application()

# What was loaded stays: to look through it for garbage again and again costs a request 100 ms now and then.
gc.collect()
gc.freeze()
