"""The settings, in an environment that does not depend on whose machine it is."""

import os
from unittest import mock

from tests import slots

TEST_SLOT = slots.current()
TEST_DATABASE = f"test_mentalspace_{TEST_SLOT}"

_environment = {
    "ENV_FILES": "",
    "DEBUG": "true",
    "SECRET_KEY": "for-tests-only-" + "x" * 40,
    "DATABASE_URL": os.environ.get("DATABASE_URL") or slots.SERVERS.database_url(),
    "REDIS_URL": slots.redis_url(TEST_SLOT),
    "LOG_LEVEL": "ERROR",
}
# Undone at once: a worker of pytest-xdist inherits this process's environment, but not its number.
with mock.patch.dict(os.environ, _environment):
    from mentalspace.settings import *

# Development's cookies and addresses, but errors are answered as in production.
DEBUG = False
DATABASES["default"]["TEST"] = {"NAME": TEST_DATABASE}
if "TEST_SLOT" in os.environ:
    DATABASES["default"]["NAME"] = TEST_DATABASE

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_TASK_ALWAYS_EAGER = False
# Whatever the hour at which the tests run.
WAITLIST_QUIET_FROM_HOUR = WAITLIST_QUIET_UNTIL_HOUR = 0
