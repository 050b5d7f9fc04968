"""What `billing` refuses, in the reader's language.

`billing` knows no Django: it gives each problem a stable code, the values its sentence mentions
and an English message. A message that names values is worded here by its code.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext_noop

from billing.errors import FieldProblem
from shared.kernel.wording import Wording
from shared.kernel.wording import worded as _

PLAIN_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")

# Each says the same as the message of its code in `billing`.
SENTENCES: Mapping[str, Wording] = {
    "below_guarantee": _("must be at least the minimum guarantee, %(limit)s"),
    "missing_exchange_rate": _("has no rate from %(currency)s to %(into)s"),
    "no_tax_rate": _("is before %(limit)s"),
    "not_ascending": _("must be more than %(limit)s"),
    "only_one_of": _("cannot be combined: exactly one of %(allowed)s"),
    "period_too_long": _("is more than %(limit)s months after the start"),
    "too_long": _("must have at most %(limit)s characters"),
    "too_many": _("must have at most %(limit)s items"),
    "too_many_decimals": _("must have at most %(limit)s decimals"),
    "unknown_choice": _("must be one of %(allowed)s"),
    "unknown_job_code": _("%(job_code)s has no rate in this contract"),
    "unknown_province": _("must be one of %(allowed)s"),
}
MESSAGES = frozenset(
    {
        gettext_noop("cannot be a hybrid inside a hybrid"),
        gettext_noop("comes to 10^15 or more"),
        gettext_noop("has no meaning without tiers"),
        gettext_noop("is before the start"),
        gettext_noop("is not a known field"),
        gettext_noop("is not an ISO 4217 currency code"),
        gettext_noop("is required"),
        gettext_noop("is required by this contract"),
        gettext_noop("is required: only the last tier is open"),
        gettext_noop("must be a date, YYYY-MM-DD"),
        gettext_noop("must be a list"),
        gettext_noop("must be a number"),
        gettext_noop("must be an object"),
        gettext_noop("must be null: the last tier is open"),
        gettext_noop("must be smaller than 10^15"),
        gettext_noop("must be text without control characters"),
        gettext_noop("must be the name of a tax"),
        gettext_noop("must be true or false"),
        gettext_noop("must be true, false or a list of tax names"),
        gettext_noop("must have at least one item"),
        gettext_noop("must not be blank"),
        gettext_noop("no hours at all: missing data"),
    }
)
# One code, several sentences: which one it is shows in the start of the English message.
VARIANTS: Mapping[tuple[str, str], Wording] = {
    ("duplicate", "is given twice:"): _("is given twice: %(job_code)s"),
    ("not_active", "has no day"): _(
        "has no day on which the contract is active (%(effective_date)s to %(end_date)s)"
    ),
    ("required", "is required: one of"): _("is required: one of %(allowed)s"),
    ("too_large", "must be at most"): _("must be at most %(limit)s"),
    ("too_small", "must be at least"): _("must be at least %(limit)s"),
    ("too_small", "must be more than"): _("must be more than %(limit)s"),
}


def problem_text(problem: FieldProblem) -> Wording:
    """Say a problem in the language of whoever reads it."""
    sentence = SENTENCES.get(problem.code)
    for (code, start), variant in VARIANTS.items():
        if code == problem.code and problem.message.startswith(start):
            sentence = variant
    if sentence is None or problem.message in MESSAGES:
        return _(problem.message)
    return sentence % {key: _as_read(key, value) for key, value in problem.values.items()}


def _as_read(key: str, value: str) -> Decimal | str:
    """A limit such as 0.99 with the reader's decimal comma; every other value as it is."""
    return Decimal(value) if key == "limit" and PLAIN_NUMBER.fullmatch(value) else value
