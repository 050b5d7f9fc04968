"""One line a log entry, structured by structlog; secrets never reach it."""

import re
from typing import Any

import structlog

REDACTED = "[redacted]"
SECRET_LINKS = re.compile(
    r"(/(?:documents|delivered|welcome|invitations|portal/enter|undo-deletion|key|confirm-email)"
    r"/)[^\s/?]+"
)
SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "api_key", "master_key")


def redact(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Replace the value of any key that names a secret, and tokens in addresses."""
    return {
        key: REDACTED
        if any(word in key.lower() for word in SECRET_WORDS)
        else _without_links(value)
        for key, value in event.items()
    }


def _without_links(value: Any) -> Any:
    """Whoever has such an address needs no password, so a log must not have it."""
    return SECRET_LINKS.sub(rf"\1{REDACTED}", value) if isinstance(value, str) else value


PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    redact,
]

structlog.configure(
    processors=[*PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.KeyValueRenderer(
                key_order=["timestamp", "level", "event"]
            ),
            "foreign_pre_chain": PROCESSORS,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "fontTools": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        "mt940": {"level": "CRITICAL"},  # it writes what it cannot read: somebody's statement
        "celery.worker.strategy": {"level": "WARNING"},  # a line for each task received
        "celery.app.trace": {"level": "WARNING"},  # and for each that succeeded
    },
}


def for_people(formatter: dict[str, Any]) -> dict[str, Any]:
    """The same entries for a terminal that shows the time itself: level, event, then the rest."""
    show = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _without_time,
        structlog.dev.ConsoleRenderer(
            colors=False,
            pad_level=False,
            pad_event_to=0,
            exception_formatter=structlog.dev.plain_traceback,
        ),
    ]
    return {
        **{key: value for key, value in formatter.items() if key != "processor"},
        "processors": show,
    }


def _without_time(_logger: Any, _method: str, event: Any) -> Any:
    event.pop("timestamp", None)
    return event
