"""Which events may leave the organisation, and which of them an endpoint asked for."""

import re
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from shared.kernel.errors import FieldError, Text
from shared.kernel.hooks import permission_for_topic

TOPIC_FORM = re.compile(r"[a-z][a-z_]{0,38}\.(\*|[a-z][a-z_]{0,38})\Z")
TOPICS_MAX = 50
TEST_TOPIC = "test.ping"

# What can be chosen on the page; a program may name any event of these areas.
AREAS: dict[str, Text] = {
    "site.*": _("Sites"),
    "contract.*": _("Contracts"),
    "invoice.*": _("Invoices"),
    "payment.*": _("Payments"),
    "document.*": _("Documents"),
    "statement.*": _("Statements"),
    "delivery.*": _("Deliveries"),
    "sync.*": _("Synchronisation"),
    "quality.*": _("Data quality"),
}


def may_leave(topic: str) -> bool:
    """Only what some person here may hear of; the rest is our own business."""
    return permission_for_topic(topic) is not None


def wants(topics: Sequence[str], topic: str) -> bool:
    """Whether a filter lets the event through; an empty one lets everything."""
    return not topics or topic in topics or f"{topic.partition('.')[0]}.*" in topics


def check_topics(topics: Sequence[str], errors: list[FieldError]) -> list[str]:
    """The filter without repetitions; what is no event's name goes to `errors`."""
    if len(topics) > TOPICS_MAX:
        errors.append(FieldError("topics", "too_many", _("At most 50 events.")))
        return []
    for place, topic in enumerate(topics):
        if not TOPIC_FORM.match(topic) or not may_leave(topic):
            message = _("Name an event such as invoice.issued, or all of an area: invoice.*.")
            errors.append(FieldError(f"topics[{place}]", "unknown", message))
    return list(dict.fromkeys(topics))
