"""The demo's own template is in use and says thank you."""

from tenants.demo.templates import THANKS, make_templates
from tenants.documents.looks import LookKey
from tenants.templates.own import OwnLooks


def test_the_demo_thanks_in_its_emails(in_acme):
    make_templates()
    look = OwnLooks().find(LookKey(("invoice_email",)), "en")
    assert look.number == 2
    assert THANKS in look.text
