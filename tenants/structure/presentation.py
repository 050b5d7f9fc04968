"""Lines and jurisdictions in words, for the pages of taxes and construction."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.construction import FEDERAL
from billing.lines import DESCRIPTIONS
from shared.kernel.errors import Text
from tenants.structure.models import TaxExclusion

UNTAXED = {"holdback", "holdback_release"}  # a holdback is outside the tax base anyway
# The texts are in the catalogue as the names of invoice lines.
LINE_NAMES: dict[str, Text] = {
    code: gettext_lazy(text) for code, text in DESCRIPTIONS.items() if code not in UNTAXED
}


def exclusion_lines(exclusion: TaxExclusion) -> str:
    """Which lines an exclusion is about."""
    names = [str(LINE_NAMES.get(code, code)) for code in exclusion.line_codes]
    return ", ".join(names) or _("every line")


def jurisdiction_name(code: str) -> str:
    """A province by its code; federal work in words."""
    return _("Federal work") if code == FEDERAL else code
