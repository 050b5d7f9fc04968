"""Names of Canadian sales taxes as a reader writes them: GST is TPS in French.

Rates, lines and registrations keep the English short names, which are data.
"""

from collections.abc import Mapping

from billing.tax import GST, HST, PST, QST, RST
from shared.kernel.wording import Wording, joined
from shared.kernel.wording import worded as _

NAMES: Mapping[str, Wording] = {
    GST: _("GST"),
    HST: _("HST"),
    PST: _("PST"),
    QST: _("QST"),
    RST: _("RST"),
}


def tax_name(code: str) -> str:
    """The tax in the active language, also of "GST/HST"; a tenant's own tax as it is called."""
    return "/".join(str(NAMES.get(part, part)) for part in code.split("/"))


def tax_wording(code: str) -> Wording:
    """As `tax_name`, for whoever reads it."""
    return joined((NAMES.get(part, part) for part in code.split("/")), "/")
