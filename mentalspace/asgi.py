"""Everything on one port: development, and hosts that give only one. Sockets join here when there are any."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mentalspace.settings")

application = get_asgi_application()
