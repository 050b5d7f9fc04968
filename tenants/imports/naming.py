"""Sites by what people call them, where a file names no id."""

import re

from shared.kernel.wording import worded as _
from tenants.imports.cells import ContractCells
from tenants.sites.models import Site

SITE_ID = re.compile(r"SITE[0-9]{6}\Z")
NAMED_MAX = 10


def site_code_of(cells: ContractCells, field: str) -> str:
    """The id of the site that a cell names by its id or by its name; case does not matter.

    What is wrong is added to the cells: a name that several sites have comes with their ids.
    """
    text = cells.values.get(field, "")
    if not text:
        cells.add(field, "required", _("This field is required."))
        return ""
    code = text.upper()
    if Site.objects.filter(site_id=code).exists():
        return code
    named = Site.objects.filter(name__iexact=text).order_by("site_id")
    found = list(named.values_list("site_id", flat=True)[: NAMED_MAX + 1])
    if len(found) == 1:
        return found[0]
    if not found:
        shown = code if SITE_ID.match(code) else text
        cells.add(field, "unknown", _("There is no site %(site)s.") % {"site": shown})
    else:
        codes = ", ".join(found[:NAMED_MAX]) + ("…" if len(found) > NAMED_MAX else "")
        message = _("Several sites are called %(name)s: %(codes)s. Write the id of one.")
        cells.add(field, "ambiguous", message % {"name": text, "codes": codes})
    return ""
