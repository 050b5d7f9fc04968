"""Which names an organisation may take as its subdomain.

Only ASCII letters, digits and hyphens: a name in another script, its punycode form, and a name
that looks like one of ours cannot be used to pass for somebody else.
"""

import re

from django.utils.translation import gettext as _

from shared.kernel.errors import FieldError, Invalid

LENGTH_MIN, LENGTH_MAX = 3, 40
PATTERN = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
_RESERVED = """
about abuse account accounts admin administrator api app apps assets auth autoconfig
autodiscover billing blog careers cdn ci contact dashboard default dev dns docs email events
files ftp git guest help hostmaster id image images imap info internal invoice invoicepatch
invoices isatap legal live local localhost login logout mail media metrics mobile mx news none
ns ns1 ns2 null oauth organisation organisations organization organizations owner pay payment
payments platform pop portal postmaster press pricing privacy private prod production proxy
public root sandbox secure security shop signin signup smtp spare sso staff staging static
stats status store support system tenant tenants terms undefined vpn webhook webhooks
webmaster wpad ws www www1 www2
"""
RESERVED = frozenset(_RESERVED.split())
# Characters that are taken for one another at a glance.
_LOOK_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "3": "e", "4": "a", "8": "b"})


def clean_subdomain(text: str) -> str:
    """The name in lower case. Raises Invalid with the rule it breaks; who has it is not looked at.

    3 to 40 characters, first a letter, last no hyphen, no hyphens in third and fourth place.
    """
    name = text.strip().lower() if text.isascii() else text
    if not LENGTH_MIN <= len(name) <= LENGTH_MAX:
        raise subdomain_error("length", _("Use 3 to 40 characters."))
    if not PATTERN.fullmatch(name):
        raise subdomain_error(
            "characters",
            _("Use a to z, digits and hyphens; begin with a letter, do not end with a hyphen."),
        )
    if name[2:4] == "--":
        raise subdomain_error("punycode", _("Two hyphens cannot stand in third and fourth place."))
    if _skeleton(name) in _RESERVED_SKELETONS:
        raise subdomain_error("reserved", _("This name is kept for the service. Choose another."))
    return name


def subdomain_error(code: str, message: str) -> Invalid:
    """The error of the field `subdomain`."""
    return Invalid(message, errors=[FieldError("subdomain", code, message)])


def _skeleton(name: str) -> str:
    plain = name.translate(_LOOK_ALIKE).replace("-", "")
    return plain.replace("rn", "m").replace("vv", "w")


_RESERVED_SKELETONS = frozenset(_skeleton(name) for name in RESERVED)
