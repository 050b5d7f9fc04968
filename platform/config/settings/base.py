"""Settings every environment shares; what differs comes from environment variables."""

from pathlib import Path
from typing import Any

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext_lazy as _

from config import env
from config.databases import application_role, connections
from config.logging import LOGGING as LOGGING

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE_FOLDER = ROOT / "frontend_templates"

DEBUG = False
SECRET_KEY = env.secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")  # former ones, for seals and sessions
INVOICEPATCH_MASTER_KEYS = env.secret("INVOICEPATCH_MASTER_KEYS")
BASE_DOMAIN = env.text("BASE_DOMAIN", "localhost")
PUBLIC_PORT = env.text("PUBLIC_PORT", "")  # ":8000" in development, empty behind a proxy
PUBLIC_SCHEME = env.text("PUBLIC_SCHEME", "https")
LIVE_URL = env.text("LIVE_URL", "")  # origin of the event server, empty where it is ours
ALLOWED_HOSTS = [BASE_DOMAIN, f".{BASE_DOMAIN}", *env.words("EXTRA_HOSTS")]
STYLEGUIDE = env.flag("STYLEGUIDE")
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES")
METRICS_NETWORKS = env.words(
    "METRICS_NETWORKS", "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"
)
# Webhooks and connections reach the public internet only, and these networks of the operator's.
OUTGOING_NETWORKS = env.words("OUTGOING_NETWORKS")
OUTGOING_CA_FILE = env.text("OUTGOING_CA_FILE", "")  # trusted besides the usual authorities
BANK_OF_CANADA_URL = env.text("BANK_OF_CANADA_URL", "https://www.bankofcanada.ca/valet")
STRIPE_API_BASE = env.text("STRIPE_API_BASE", "https://api.stripe.com")
# The platform's own account at Stripe, to which organisations give access to theirs (Connect).
STRIPE_CONNECT_BASE = env.text("STRIPE_CONNECT_BASE", "https://connect.stripe.com")
STRIPE_CONNECT_CLIENT_ID = env.text("STRIPE_CONNECT_CLIENT_ID", "")  # ca_…, empty: not offered
STRIPE_CONNECT_SECRET_KEY = env.secret("STRIPE_CONNECT_SECRET_KEY", "")
STRIPE_CONNECT_SIGNING_SECRET = env.secret("STRIPE_CONNECT_SIGNING_SECRET", "")

# --- Tenancy -----------------------------------------------------------------------------
CONNECT_AS_OWNER = env.text("INVOICEPATCH_CONNECT_AS", "application") == "owner"
APPLICATION_ROLE = application_role()
DATABASES: dict[str, Any] = connections(as_owner=CONNECT_AS_OWNER)
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_MODEL = "organisations.Organisation"
TENANT_DOMAIN_MODEL = "organisations.Domain"
TENANT_LIMIT_SET_CALLS = True
PUBLIC_SCHEMA_URLCONF = "config.urls_public"
ROOT_URLCONF = "config.urls_tenant"
SPARE_ORGANISATIONS = env.number("SPARE_ORGANISATIONS", 3)
SIGN_UPS_PER_MINUTE = env.number("SIGN_UPS_PER_MINUTE", 10)  # from one address

BOTH = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "shared.accounts",
    "shared.audit",
    "shared.outbox",
    "shared.idempotency",
]
SHARED_APPS = [
    "unfold",  # before django_tenants, which brings its own start page of the admin
    "django_tenants",
    "pgtrigger",  # before the kernel, whose ready() needs its migration autodetector
    "shared.kernel",
    "shared.organisations",
    "shared.keyring",
    "shared.subscriptions",
    "shared.runtime",
    *BOTH,
    "django.contrib.admin",
    "django.contrib.staticfiles",
    "django.forms",  # the templates of its widgets, for FORM_RENDERER
    "django_htmx",
    "ninja",  # for the reference page's own assets
    "lucide",
    "django_prometheus",
]
TENANT_APPS = [
    *BOTH,
    "tenants.lists",
    "tenants.structure",
    "tenants.sites",
    "tenants.contracts",
    "tenants.activity",
    "tenants.imports",
    "tenants.review",
    "tenants.ledger",
    "tenants.invoices",
    "tenants.schedules",
    "tenants.payments",
    "tenants.disputes",
    "tenants.documents",
    "tenants.templates",
    "tenants.connections",
    "tenants.statements",
    "tenants.delivery",
    "tenants.portal",
    "tenants.reporting",
    "tenants.demo",
]
INSTALLED_APPS = [*SHARED_APPS, *(app for app in TENANT_APPS if app not in SHARED_APPS)]

MIDDLEWARE = [
    "shared.runtime.middleware.ProbeMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "shared.kernel.middleware.RequestIdMiddleware",
    "shared.organisations.middleware.OrganisationMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "shared.kernel.middleware.ContentSecurityPolicyMiddleware",
    "shared.kernel.middleware.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "shared.accounts.middleware.LanguageMiddleware",
    "shared.accounts.middleware.SessionActivityMiddleware",
    "shared.accounts.middleware.ActorMiddleware",
    "shared.idempotency.middleware.RateLimitMiddleware",
    "shared.idempotency.middleware.IdempotencyMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "shared.kernel.middleware.ErrorPageMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [TEMPLATE_FOLDER / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "shared.kernel.context_processors.page",
            ],
            "builtins": ["shared.kernel.templatetags.ui", "django.templatetags.i18n"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Cache, sessions, queues: nothing lives in a process ----------------------------------
REDIS_URL = env.secret("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "shared.kernel.cache.ForgivingCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
        "KEY_FUNCTION": "shared.kernel.cache.make_tenant_key",
        "KEY_PREFIX": "cache",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "shared.kernel.views.csrf_failure"

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SERIALIZER = "json"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_timeout": 10}
BILLING_RUN_WORKERS = env.number("BILLING_RUN_WORKERS", 2)  # how many share one billing run
CELERY_TASK_DEFAULT_QUEUE = "interactive"
CELERY_TASK_ROUTES = {
    "shared.organisations.tasks.*": {"queue": "provisioning"},
    "tenants.connections.tasks.partitions.*": {"queue": "provisioning"},  # makes tables
    "tenants.connections.tasks.*": {"queue": "sync"},
    "tenants.documents.tasks.*": {"queue": "rendering"},
    "tenants.contracts.tasks.*": {"queue": "billing"},
    "tenants.invoices.tasks.*": {"queue": "billing"},
    "tenants.payments.tasks.*": {"queue": "billing"},
    "tenants.ledger.tasks.*": {"queue": "sync"},
    "tenants.schedules.tasks.*": {"queue": "billing"},
    "tenants.statements.tasks.plan_run": {"queue": "billing"},
    "tenants.statements.tasks.*": {"queue": "rendering"},
    "tenants.imports.tasks.*": {"queue": "sync"},
    "tenants.reporting.tasks.*": {"queue": "rendering"},
    "tenants.delivery.tasks.*": {"queue": "sync"},
    "tenants.review.tasks.*": {"queue": "sync"},
}

# --- People -------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# E-mail addresses are unique by their lower case: a constraint that Django does not recognise.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "shared.accounts.adapters.AccountAdapter"
MFA_ADAPTER = "shared.accounts.adapters.MFAAdapter"
MFA_FORMS = {
    "authenticate": "shared.accounts.second_factors.AuthenticateForm",
    "reauthenticate": "shared.accounts.second_factors.ReauthenticateForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = PUBLIC_SCHEME
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
# Counted in the tenant's cache. Five wrong passwords lock an address for five minutes.
ACCOUNT_RATE_LIMITS = {
    "change_password": "5/m/user",
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "manage_email": "10/m/user",
    "reauthenticate": "10/m/user",
    "reset_password": "20/m/ip,3/10m/key",
    "reset_password_from_key": "20/m/ip",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
# Addresses are proved by invitation, so a new one cannot lock somebody else's person out.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off

# --- Language and time --------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr-ca", _("French (Canada)"))]
LANG_INFO.setdefault("fr-ca", {**LANG_INFO["fr"], "code": "fr-ca", "name_local": "français"})
LOCALE_PATHS = [TEMPLATE_FOLDER / "locale"]
LANGUAGE_COOKIE_SAMESITE = "Lax"

# --- Files, mail, security ----------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT: Path | None = ROOT / "staticfiles"
STATICFILES_DIRS = [TEMPLATE_FOLDER / "static"]
DATA_FOLDER = Path(env.text("INVOICEPATCH_DATA", str(ROOT / ".data")))
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_FOLDER / "files"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"InvoicePatch <no-reply@{BASE_DOMAIN}>")
EMAIL_TIMEOUT = 20
DATA_UPLOAD_MAX_MEMORY_SIZE = 25 * 1024 * 1024  # BodyLimitMiddleware is stricter by path
BODY_LIMIT_BYTES = 10 * 1024 * 1024
UPLOAD_LIMIT_BYTES = 25 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = UPLOAD_LIMIT_BYTES  # nothing lies in clear on a disk
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
RATE_LIMIT_PER_MINUTE = env.number("RATE_LIMIT_PER_MINUTE", 600)
KEY_ROTATION_DAYS = 90
KEY_CACHE_SECONDS = 300  # how far processes may be behind a new or shredded key
MASTER_KEY_PROVIDER = env.text("MASTER_KEY_PROVIDER", "shared.keyring.master.ConfiguredKeys")
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEST_RUNNER = "django.test.runner.DiscoverRunner"
PGTRIGGER_MIGRATIONS = True
UNFOLD = {
    "SITE_TITLE": "InvoicePatch",
    "SITE_HEADER": "InvoicePatch",
    "SITE_URL": "/",
    "COLORS": {
        "primary": {
            "50": "#eef5fc",
            "100": "#d9e8f8",
            "200": "#b5d2f0",
            "300": "#84b4e5",
            "400": "#4c92d6",
            "500": "#2474c2",
            "600": "#0b5cad",
            "700": "#0a4c90",
            "800": "#0a3f76",
            "900": "#0b3560",
            "950": "#08233f",
        }
    },
}
