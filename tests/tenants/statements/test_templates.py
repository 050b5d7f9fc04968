"""Default and own templates: the version is kept, a broken one falls back and is reported."""

from uuid import uuid4

import pytest
from django.utils import translation
from support.statements import only_statement, run_statements

from shared.kernel.actor import SYSTEM
from tenants.documents import looks
from tenants.documents.rendering import render_contents, template_version
from tenants.documents.sources import source_of
from tenants.sites.models import Customer
from tenants.statements.contents import load_statement_document
from tenants.statements.documents import STATEMENT
from tenants.statements.samples import sample_statement
from tenants.statements.showing import show_statement


class BrokenLook:
    """A tenant's own template that cannot make anything."""

    def __init__(self):
        self.version_id, self.css = uuid4(), ""

    def write_body(self, context, language):
        raise looks.LookBroken("Line 3: there is no such value.")

    write_text = write_subject = write_body


class Finder:
    """Finds one look for everything, and notes what is reported."""

    def __init__(self, look):
        self.look, self.reported, self.asked = look, [], []

    def find(self, wanted, language):
        self.asked.append((tuple(wanted.kinds), wanted.contract_type, language))
        return self.look

    def report_broken(self, look, *, cause, code):
        self.reported.append((look.version_id, cause, code))


@pytest.fixture
def broken(monkeypatch):
    finder = Finder(BrokenLook())
    monkeypatch.setattr(looks, "_finder", finder)
    return finder


def test_a_broken_template_falls_back_and_is_reported_once(contract, bill, broken):
    bill(contract, 1)
    statement = only_statement(run_statements())
    assert statement.fell_back
    assert statement.own_version_id == broken.look.version_id
    assert statement.template_version == f"default-{template_version(STATEMENT)}"
    ((version, cause, code),) = broken.reported
    assert (version, code) == (broken.look.version_id, statement.statement_code)
    assert "no such value" in cause
    assert broken.asked == [(("statement",), "fixed_fee", "en")]


def test_the_default_can_be_asked_for(contract, bill, broken):
    bill(contract, 1)
    statement = only_statement(run_statements(template="default"))
    assert (statement.fell_back, statement.own_version_id) == (False, None)
    assert broken.asked == []


def test_page_and_text_say_what_the_statement_says(contract, bill):
    invoice = bill(contract, 1)
    statement = only_statement(run_statements())
    for output in ("html", "text"):
        code, rendered = show_statement(actor=SYSTEM, statement_id=statement.pk, output=output)
        assert code == statement.statement_code
        for words in (invoice.number, "$1,130.00", "HST 13%", "Closing balance"):
            assert words in rendered.text


def test_a_statement_is_written_in_the_customers_language(contract, customer, bill):
    Customer.objects.filter(pk=customer.pk).update(language="fr-ca")
    invoice = bill(contract, 1)
    statement = only_statement(run_statements())
    contents, language = load_statement_document(statement.pk)
    assert language == "fr-ca"
    with translation.override("en"):
        rendered = render_contents(contents, kind=STATEMENT, language=language, output="text")
    assert "1\N{NO-BREAK SPACE}130,00" in rendered.text
    assert invoice.number in rendered.text
    assert "TVH" in rendered.text


@pytest.mark.parametrize("output", ["pdf", "html", "text"])
def test_the_sample_can_be_tried_in_every_form(output):
    assert source_of(STATEMENT).sample is not None
    rendered = render_contents(sample_statement(), kind=STATEMENT, language="en", output=output)
    assert rendered.content
    assert not rendered.broken


def test_shares_show_percentage_and_revenue():
    text = render_contents(sample_statement(), kind=STATEMENT, language="en", output="text").text
    assert "Revenue share (25% × $50,000.00): $12,500.00" in text
    assert "Regular hours (20 × $40.00): $800.00" in text
