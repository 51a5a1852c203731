"""Settings, read once from the environment. Unset means: safe, or the embedded servers of the data folder.

Every name an operator may set is in docs/operations.md.
"""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from config import schedule
from config.admin_look import UNFOLD as UNFOLD
from config.api.document import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from config.embedded import addresses

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = addresses.data_dir()
env = environ.Env()

# --- Demo mode: `make up` with nothing else said. Everything below is stricter without it.
DEMO = env.bool("DEMO", default=False)
DEBUG = False

SECRET_KEY = env.str("SECRET_KEY", default="") or addresses.secret_key(DATA_DIR)
if len(SECRET_KEY) < 40 or len(set(SECRET_KEY)) < 10:
    raise ImproperlyConfigured(
        "SECRET_KEY is missing or weak: give at least 40 random characters, for instance from "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'. For a try-out, `make up` makes one by itself."
    )
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"] if DEMO else ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- Apps
INSTALLED_APPS = [
    "config.platform",
    "config.api",
    "crm",
    "calls",
    "complaints",
    "campaigns",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "corsheaders",
    "axes",
]
MIDDLEWARE = [
    "config.api.requests.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.api.shortcut.PastBrowsers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.platform.viewer.ViewerTimeZone",
    "config.api.shortcut.BrowsersEnd",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "platform.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- Database: PostgreSQL and nothing else
DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url("DATABASE_URL", default=addresses.database_url(DATA_DIR))}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL server: postgres://user:password@host:5432/name")
DATABASES["default"].update(ENGINE="config.platform.database", CONN_MAX_AGE=env.int("CONN_MAX_AGE", default=60), CONN_HEALTH_CHECKS=True)
STATEMENT_TIMEOUT_MS = env.int("STATEMENT_TIMEOUT_MS", default=30_000)
LOCK_TIMEOUT_MS = env.int("LOCK_TIMEOUT_MS", default=3_000)
DATABASES["default"].setdefault("OPTIONS", {}).update(
    connect_timeout=3,
    application_name=env.str("APPLICATION_NAME", default="switchboard"),
    options=f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS} -c idle_in_transaction_session_timeout=60000",
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Broker and cache: the Redis protocol
BROKER_URL = env.str("BROKER_URL", default=addresses.broker_url(DATA_DIR))
CACHE_URL = env.str("CACHE_URL", default=BROKER_URL if env.str("BROKER_URL", default="") else addresses.cache_url(DATA_DIR))
RATE_LIMIT_URL = CACHE_URL.replace("redis+socket://", "unix://")

CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 180
CELERY_TASK_DEFAULT_QUEUE = "fast"
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "max_retries": 1,
    "global_keyprefix": env.str("BROKER_KEY_PREFIX", default="swb:"),
}
if BROKER_URL.startswith(("redis+socket", "unix")):
    CELERY_BROKER_TRANSPORT_OPTIONS.pop("socket_keepalive")
if not BROKER_URL.startswith(("redis", "unix", "valkey")):
    CELERY_BROKER_TRANSPORT_OPTIONS = {}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_SCHEDULE, CELERY_TASK_ROUTES = dict(schedule.SWEEPS), schedule.ROUTES
CELERY_TIMEZONE = "UTC"
if DEMO:
    CELERY_BEAT_SCHEDULE["The demo's exchange"] = {"task": "calls.play_demo_exchange", "schedule": 2.0}

# --- Language and time. Instants are stored in UTC; people see them in their own zone.
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "UTC"

# --- The trade
DEFAULT_PHONE_REGION = env.str("DEFAULT_PHONE_REGION", default="RU")
FIRST_CONTACT_DAYS = env.int("FIRST_CONTACT_DAYS", default=7)  # no further call on the same topic within so many: it was solved at once
WALLBOARD_KEPT_S = env.float("WALLBOARD_KEPT_S", default=1.5)  # so old may it be; however many look, it is worked out once
IDEMPOTENCY_KEPT = timedelta(hours=env.int("IDEMPOTENCY_KEPT_HOURS", default=48))
LETTERS_KEPT_DAYS = env.int("LETTERS_KEPT_DAYS", default=30)  # after they were sent or given up
OUTBOX_KEPT_DAYS = env.int("OUTBOX_KEPT_DAYS", default=30)
WEBHOOK_DISABLED_AFTER_DAYS = env.int("WEBHOOK_DISABLED_AFTER_DAYS", default=5)  # without one success
FEED_KEPT = timedelta(hours=env.int("FEED_KEPT_HOURS", default=48))
STREAM_URL = env.str("STREAM_URL", default="")  # where clients reach the process that holds streams, when no proxy leads them there
STREAMS_MOST = env.int("STREAMS_MOST", default=2000)
STREAMS_PER_USER = env.int("STREAMS_PER_USER", default=5)
STREAM_THREADS = env.int("STREAM_THREADS", default=4)
LOGIN_REDIRECT_URL = "admin:index"
LOGIN_TOKEN_LIFETIME = timedelta(hours=env.int("LOGIN_TOKEN_HOURS", default=12))
ARTICLES_REVIEWED_BY_ANOTHER = env.bool("ARTICLES_REVIEWED_BY_ANOTHER", default=False)
WRAP_UP_OPEN_HOURS = env.int("WRAP_UP_OPEN_HOURS", default=0)
WRAP_UP_FAILED_OUTBOUND = env.bool("WRAP_UP_FAILED_OUTBOUND", default=True)
CALL_REQUEST_SECONDS = env.int("CALL_REQUEST_SECONDS", default=60)  # how long a click waits for its call
EXPORT_KEPT = timedelta(days=env.int("EXPORT_KEPT_DAYS", default=7))
RETENTION_DAYS = {  # after how many days; 0 is never
    "imports": env.int("RETENTION_IMPORTS_DAYS", default=0),
    "exports": env.int("RETENTION_EXPORTS_DAYS", default=365),
    "leads_never_reached": env.int("RETENTION_LEADS_NEVER_REACHED_DAYS", default=0),
    "disqualified": env.int("RETENTION_DISQUALIFIED_DAYS", default=0),
}
REVIEW_CLAIMS_AT_ONCE = env.int("REVIEW_CLAIMS_AT_ONCE", default=5)
REVIEW_CLAIM_HOURS = env.int("REVIEW_CLAIM_HOURS", default=24)
SURVEY_LEFT_HOURS = env.int("SURVEY_LEFT_HOURS", default=24)  # 0 is never
REVIEW_CALLS_OF_DAYS = env.int("REVIEW_CALLS_OF_DAYS", default=14)
REVIEW_SHORTEST_TALK_S = env.int("REVIEW_SHORTEST_TALK_S", default=30)
REVIEW_DISPUTE_DAYS = env.int("REVIEW_DISPUTE_DAYS", default=14)
# Agents: all in seconds; 0 switches a rule of the breaks off.
AGENT_LAGGED_AFTER_S = env.int("AGENT_LAGGED_AFTER_S", default=60)
AGENT_OFFLINE_AFTER_S = env.int("AGENT_OFFLINE_AFTER_S", default=1800)
AGENT_WRAP_UP_S = env.int("AGENT_WRAP_UP_S", default=600)
BREAKS = {
    "desk_s": env.int("BREAK_AFTER_DESK_S", default=7200),
    "talk_s": env.int("BREAK_AFTER_TALK_S", default=3000),
    "window_s": env.int("BREAK_TALK_WINDOW_S", default=3600),
    "rest_s": env.int("BREAK_COUNTS_FROM_S", default=300),
}
BREAK_REPEATED_S = env.int("BREAK_REPEATED_S", default=900)
MICRO_PAUSE_S = env.int("MICRO_PAUSE_S", default=120)
MICRO_PAUSE_OFFERED_S = env.int("MICRO_PAUSE_OFFERED_S", default=900)
HARD_CALLS_COUNTED_S = env.int("HARD_CALLS_COUNTED_S", default=86_400)
CALLING_TIME_ZONE = env.str("CALLING_TIME_ZONE", default="Europe/Moscow")
CALLING_DEFAULT_HOURS = env.str("CALLING_DEFAULT_HOURS", default="09:00-21:00")
CALLING_NEEDS_CONSENT = env.list("CALLING_NEEDS_CONSENT", default=[])
CALLBACK_DAYS_AHEAD = env.int("CALLBACK_DAYS_AHEAD", default=90)
CALLBACKS_PER_AGENT = env.int("CALLBACKS_PER_AGENT", default=100)
CALLBACK_LEASE = timedelta(seconds=env.int("CALLBACK_LEASE_S", default=900))
RECORDING_RETENTION_DAYS = env.int("RECORDING_RETENTION_DAYS", default=180)  # 0: kept for ever
RECORDINGS_FOR_AGENTS = env.bool("RECORDINGS_FOR_AGENTS", default=False)
RECORDING_MAX_BYTES = env.int("RECORDING_MAX_BYTES", default=200 * 1024 * 1024)
RETURN_CALL_MAX_AGE = timedelta(hours=env.int("RETURN_CALL_MAX_AGE_HOURS", default=72))
RETURN_CALL_EXPIRES = timedelta(hours=env.int("RETURN_CALL_EXPIRES_HOURS", default=96))
TRANSFER_PENDING = timedelta(seconds=env.int("TRANSFER_PENDING_S", default=180))
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=200 * 1024 * 1024)
COMPLAINT_REOPEN_DAYS = env.int("COMPLAINT_REOPEN_DAYS", default=30)  # after them a complaint that comes back is a new one, linked
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_BYTES", default=20 * 1024 * 1024)
ATTACHMENTS_PER_COMPLAINT = env.int("ATTACHMENTS_PER_COMPLAINT", default=50)
CLAMAV_ADDRESS = env.str("CLAMAV_ADDRESS", default="")  # host:port of a ClamAV daemon that looks through attachments; unset: nobody does
SATISFACTION_DAYS = env.int("SATISFACTION_DAYS", default=14)  # so long a customer may answer
SATISFACTION_BY_EMAIL = env.bool("SATISFACTION_BY_EMAIL", default=False)  # write the link to them when a complaint is closed
PUBLIC_URL = env.str("PUBLIC_URL", default="")  # where customers reach us, for links in letters that no request causes

# --- E-mail: to a mail server, or into files where the database is in the data folder too
EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL or (env.str("DATABASE_URL", default="") and not DEMO):
    globals().update(env.email_url_config(EMAIL_URL or "smtp://localhost:25"))
else:
    EMAIL_BACKEND, EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", str(DATA_DIR / "mail")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Switchboard <switchboard@localhost>")

# --- Files
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(DATA_DIR / "files")))
STORAGES = {
    "default": {
        "BACKEND": env.str("MEDIA_STORAGE", default="django.core.files.storage.FileSystemStorage"),
        "OPTIONS": env.json("MEDIA_STORAGE_OPTIONS", default={}),
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEMO
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("JSON_MAX_BYTES", default=4 * 1024 * 1024)

# --- HTTP
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.Schema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "config.api.authentication.BearerAuthentication",
        "config.api.authentication.AdminSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["config.api.permissions.RolePermission"],
    "DEFAULT_FILTER_BACKENDS": ["config.api.filters.FilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "config.api.pages.KeysetPagination",
    "DEFAULT_RENDERER_CLASSES": ["config.api.rendering.FastJSON"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.api.rendering.Negotiation",
    "DEFAULT_PARSER_CLASSES": ["config.api.parsing.StrictJSON"],
    "DEFAULT_THROTTLE_CLASSES": ["config.api.throttling.PerCaller"],
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "config.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
    "UNICODE_JSON": True,
    "NUM_PROXIES": env.int("TRUSTED_PROXIES", default=0),
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "COERCE_DECIMAL_TO_STRING": True,
}
RATE_LIMITS = {  # requests per minute; 0 switches a limit off
    "caller": env.int("RATE_LIMIT_PER_MINUTE", default=1200),
    "integration": env.int("RATE_LIMIT_INTEGRATION_PER_MINUTE", default=60_000),
    "anonymous": env.int("RATE_LIMIT_ANONYMOUS_PER_MINUTE", default=60),
    "login": env.int("RATE_LIMIT_LOGIN_PER_MINUTE", default=20),
    "stream": env.int("RATE_LIMIT_STREAM_PER_MINUTE", default=60),
}
#: how long the sender of a batch of call events waits for them to be folded before the rest is left to the workers
BATCH_PATIENCE_S = env.float("BATCH_PATIENCE_S", default=1.5)
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_ALLOW_ALL_ORIGINS = env.bool("CORS_ALLOW_ALL_ORIGINS", default=False)
CORS_URLS_REGEX = r"^/api/"
CORS_EXPOSE_HEADERS = [
    "Content-Location",
    "ETag",
    "Location",
    "X-Request-ID",
    "Retry-After",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
]
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "cache-control",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "last-event-id",
    "x-request-id",
]
APPEND_SLASH = False  # a redirected POST would lose its body: the 404 says what is missing instead
SCREEN_POP_URL = env.str("SCREEN_POP_URL", default="")  # {call} and {contact} are filled in

# --- The way out: what other servers may be asked (a PBX, the link of a recording)
LOOPBACK = ["127.0.0.0/8", "::1/128"]
OUTGOING_ALLOWED_NETWORKS = [
    str(ip_network(one, strict=False)) for one in env.list("OUTGOING_ALLOWED_NETWORKS", default=LOOPBACK if DEMO else [])
]
OUTGOING_PORTS = [int(port) for port in env.list("OUTGOING_PORTS", default=["80", "443", "8080", "8088", "8089", "8443"])]
OUTGOING_CA_FILE = env.str("OUTGOING_CA_FILE", default="")  # certificates to trust; unset: the system's

# --- Safety. HTTPS is assumed everywhere but in the demo.
HTTPS = env.bool("HTTPS", default=not DEMO)
SECURE_SSL_REDIRECT = HTTPS and env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.int("TRUSTED_PROXIES", default=0) else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SESSION_ENGINE = "django.contrib.sessions.backends.db"
X_FRAME_OPTIONS = "DENY"

AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURES_ALLOWED", default=5)
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "config.api.authentication.locked_out_page"
AXES_CLIENT_IP_CALLABLE = "config.api.callers.client_ip"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False  # shown by our own admin
SILENCED_SYSTEM_CHECKS: list[str] = []

# --- Logs: JSON lines, no personal data, no secrets
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"asked": {"()": "config.logging.AddRequest"}},
    "formatters": {"json": {"()": "config.logging.JsonLines"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["asked"]}},
    "root": {"handlers": ["out"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "axes": {"level": "ERROR"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "django_celery_beat": {"level": "WARNING"},
    },
}
