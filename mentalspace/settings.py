"""Every setting, from the environment. .env.example explains each variable; core/checks.py refuses wrong combinations.

Defaults are those of production. Development is a choice: `make install` writes var/development.env, which is read
after .env, and both yield to what the environment says itself.
"""

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF

from admin_portal.console import UNFOLD  # noqa: F401 - a setting
from core import logs
from core.addresses import celery_broker_url, database_settings
from core.crypto.environment import development_keys
from core.embedded import EmbeddedServers

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
for env_file in env.list("ENV_FILES", default=[".env", "var/development.env"]):
    if (BASE_DIR / env_file).is_file():
        env.read_env(BASE_DIR / env_file)

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
SITE_URL = env.str("SITE_URL", default="http://localhost:8000" if DEBUG else "").rstrip("/")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
DATA_KEYS = env.list("DATA_KEYS", default=development_keys(SECRET_KEY) if DEBUG else [])

# --- What it is made of -------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "daphne",
    "mentalspace",
    "admin_portal",
    "crisis",
    "sessions_app",
    "notifications",
    "accounts",
    "core",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "admin_portal.admin_config.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "django_htmx",
    "crispy_forms",
    "crispy_bootstrap5",
    "anymail",
]

MIDDLEWARE = [
    "core.middleware.RequestContextMiddleware",
    "core.security_headers.SecurityHeadersMiddleware",
    "core.middleware.ApiFailureMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "core.middleware.ApiDoorMiddleware",
    "core.middleware.BodySizeMiddleware",
    "csp.middleware.CSPMiddleware",
    "core.health.HealthMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "crisis.middleware.forget_visitor",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "mentalspace.display.ReaderZoneMiddleware",
    "mentalspace.refusals.RefusalMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "mentalspace.urls"
WSGI_APPLICATION = "mentalspace.wsgi.application"
ASGI_APPLICATION = "mentalspace.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mentalspace.context.frame",
            ],
            "builtins": ["mentalspace.templatetags.times", "mentalspace.templatetags.people"],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- PostgreSQL and Redis -----------------------------------------------------------------------------------

DATABASE_URL = env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")
USES_EMBEDDED_DATABASE = DEBUG and not DATABASE_URL
USES_EMBEDDED_REDIS = DEBUG and not REDIS_URL

EMBEDDED_SERVERS = EmbeddedServers(BASE_DIR)
if USES_EMBEDDED_DATABASE:
    DATABASE_URL = EMBEDDED_SERVERS.database_url()
if USES_EMBEDDED_REDIS:
    REDIS_URL = EMBEDDED_SERVERS.redis_url()

# By core/statements.py; not behind a pooler that hands each transaction another connection.
DATABASE_PREPARED_STATEMENTS = env.bool("DATABASE_PREPARED_STATEMENTS", default=True)
FREE_TIMES_IN_MEMORY = env.bool("FREE_TIMES_IN_MEMORY", default=True)
DATABASES: dict[str, Any] = {}
if DATABASE_URL:
    DATABASES["default"] = database_settings(
        DATABASE_URL,
        pool_size=env.int("DATABASE_POOL_SIZE", default=0),
        keep_seconds=env.int("DATABASE_CONN_MAX_AGE_SECONDS", default=60),
        keeps_statements=DATABASE_PREPARED_STATEMENTS,
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# When Redis is slow or away, a page must not hang on it for long.
REDIS_TIMEOUT_SECONDS = env.float("REDIS_TIMEOUT_SECONDS", default=0.5)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "mentalspace",
        "OPTIONS": {
            "socket_timeout": REDIS_TIMEOUT_SECONDS,
            "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
        },
    }
}

# Delivery is at least once: a task that was cut off comes back, so each may run twice. No task waits for a time of
# day: what is due later is a row (docs/transactions.md).
CELERY_BROKER_URL = celery_broker_url(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "global_keyprefix": "celery:",
    # The relay must not stand for long before a Redis that is away or hangs.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker outlives any absence of Redis
# Without the connection it could not be acknowledged, and would run here and elsewhere at the same time.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 150
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "purge-idempotency-keys": {"task": "core.purge_idempotency_keys", "schedule": 3600.0},
    "purge-expired-devices": {"task": "accounts.purge_expired_devices", "schedule": 24 * 3600.0},
    "purge-outbox": {"task": "core.purge_outbox", "schedule": 3600.0},
    # A run that could not begin before the next one is due is left out.
    "send-due-reminders": {
        "task": "sessions_app.send_due_reminders",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "read-outside-calendars": {
        "task": "sessions_app.read_due_outside_calendars",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "sweep-expired-holds": {
        "task": "sessions_app.sweep_expired_holds",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
}

# --- People -------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "home"

PASSWORD_RESET_TIMEOUT = 3600

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"signup": "accounts.forms.PatientSignupForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Mandatory: nobody is let in before confirming the address, and so nobody can find out who has an account.
ACCOUNT_EMAIL_VERIFICATION = env.str("EMAIL_VERIFICATION", default="optional" if DEBUG else "mandatory")
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
# Guessing and signing up are limited by the same counts as over the API (accounts/adapter.py, accounts/forms.py);
# letters to one address, so that nobody's mailbox can be flooded.
ACCOUNT_RATE_LIMITS = {"login_failed": None, "signup": None, "reset_password": "20/h/ip,5/h/key"}

ACCESS_TOKEN_SECONDS = 15 * 60
REFRESH_TOKEN_SECONDS = 7 * 24 * 3600
# A sign-in over the API ends after this long, however often its tokens were refreshed.
DEVICE_SECONDS = 30 * 24 * 3600

# --- The edge -----------------------------------------------------------------------------------------------

IS_HTTPS = env.bool("HTTPS", default=not DEBUG)
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_NAME = "__Host-csrftoken" if IS_HTTPS else "csrftoken"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = False
CSRF_COOKIE_SAMESITE = "Lax"

# Notices name people: they wait in the session, not in a cookie that anybody who has it can read.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health(/ready)?$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=365 * 24 * 3600 if IS_HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# --- The API ------------------------------------------------------------------------------------------------

# core/api holds the plumbing; docs/api.md tells clients of it. A view is closed until it says who may.
API_MAX_BODY_BYTES = env.int("API_MAX_BODY_BYTES", default=1024 * 1024)
API_REFERENCE_IS_PUBLIC = env.bool("API_REFERENCE_IS_PUBLIC", default=True)

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerAuthentication",
        "core.api.authentication.PageSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.BodyParser"],
    "DEFAULT_RENDERER_CLASSES": ["core.api.rendering.EnvelopeRenderer"],
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "core.api.errors.answer_exception",
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.OperationSchema",
    "NON_FIELD_ERRORS_KEY": "request",
    "LIST_SERIALIZER_ERRORS_AS_DICT": True,
}


def throttle(name: str, default: str) -> tuple[int, int]:
    """A limit "requests/seconds" of the environment."""
    requests, _, seconds = env.str(f"THROTTLE_{name}", default=default).partition("/")
    return int(requests), int(seconds)


THROTTLES = {
    "visitor": throttle("VISITOR", "100/900"),
    "user": throttle("USER", "1000/900"),
    "calendar_feed": throttle("CALENDAR_FEED", "60/3600"),
    "sign_up": throttle("SIGN_UP", "20/3600"),
    "sign_in_pair": throttle("SIGN_IN_PAIR", "5/900"),
    "sign_in_account": throttle("SIGN_IN_ACCOUNT", "20/900"),
    "sign_in_address": throttle("SIGN_IN_ADDRESS", "60/900"),
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "MentalSpace",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api",
    "SORT_OPERATION_PARAMETERS": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.schema.add_shared_parts",
    ],
    # One choice under two field names would otherwise get a name that says nothing.
    "ENUM_NAME_OVERRIDES": {
        "ExceptionKindEnum": "sessions_app.models.ExceptionKind",
        "ModeEnum": "sessions_app.models.Mode",
        "SessionKindEnum": "sessions_app.models.SessionKind",
        "SessionStatusEnum": "sessions_app.models.SessionStatus",
    },
}

# --- Words, times, files ------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
USE_I18N = True
FORMAT_MODULE_PATH = ["mentalspace.formats"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Mail ---------------------------------------------------------------------------------------------------

MAIL_BACKENDS = {
    "console": "django.core.mail.backends.console.EmailBackend",
    "file": "notifications.backends.FolderBackend",
    "smtp": "django.core.mail.backends.smtp.EmailBackend",
    "sendgrid": "anymail.backends.sendgrid.EmailBackend",
    "resend": "anymail.backends.resend.EmailBackend",
}
MAIL_PROVIDER = env.str("MAIL_PROVIDER", default="file" if DEBUG else "smtp")
EMAIL_BACKEND = MAIL_BACKENDS.get(MAIL_PROVIDER, "")
EMAIL_FILE_PATH = BASE_DIR / "var" / "mail"
EMAIL_HOST = env.str("SMTP_HOST", default="")
EMAIL_PORT = env.int("SMTP_PORT", default=587)
EMAIL_HOST_USER = env.str("SMTP_USER", default="")
EMAIL_HOST_PASSWORD = env.str("SMTP_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("SMTP_STARTTLS", default=True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="MentalSpace <no-reply@localhost>" if DEBUG else "")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
ANYMAIL = {
    "SENDGRID_API_KEY": env.str("SENDGRID_API_KEY", default=""),
    "RESEND_API_KEY": env.str("RESEND_API_KEY", default=""),
    "REQUESTS_TIMEOUT": (5, 10),
}

# --- What is told about a running house ---------------------------------------------------------------------

LOGGING = logs.configure(as_json=not DEBUG, level=env.str("LOG_LEVEL", default="INFO"))

SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    import sentry_sdk

    sentry_sdk.init(
        dsn=SENTRY_DSN, send_default_pii=False, include_local_variables=False, max_request_body_size="never"
    )

SILENCED_SYSTEM_CHECKS: list[str] = []

# Requests to addresses that people name (core/outbound.py) go to public https addresses only; for trying things out on
# one machine, and never without DEBUG.
OUTBOUND_ALLOWS_LOCAL = DEBUG and env.bool("OUTBOUND_ALLOWS_LOCAL", default=False)

# Scheduling
BOOKING_HORIZON_DAYS = env.int("BOOKING_HORIZON_DAYS", default=365)
WAITLIST_OFFER_MINUTES = env.int("WAITLIST_OFFER_MINUTES", default=30)
# Nobody is told of a freed time between these hours of their own clock. The same twice: at any hour.
WAITLIST_QUIET_FROM_HOUR = env.int("WAITLIST_QUIET_FROM_HOUR", default=21)
WAITLIST_QUIET_UNTIL_HOUR = env.int("WAITLIST_QUIET_UNTIL_HOUR", default=8)
