"""Files that change sites and contracts there are: dry run, apply, undo, invoiced periods."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import override
from support.api import Program, key_of
from support.billing import make_contract, make_site
from support.imports import apply, bring, reasons, undo, workbook

from billing.periods import Period
from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from tenants.contracts.models import Contract, ContractAmendment
from tenants.contracts.selectors import terms_on
from tenants.contracts.services import update_contract
from tenants.imports.models import RecordRow
from tenants.invoices.services import generate_invoice
from tenants.sites.models import Site
from tenants.sites.services import create_territory, update_site

JANUARY = Period(date(2026, 1, 1), date(2026, 1, 31))


def found(job):
    """By line the effect and what changes."""
    return {
        row.line: (row.effect, {one["field"]: (one["before"], one["after"]) for one in row.told})
        for row in RecordRow.objects.filter(job=job)
    }


def fee_on(contract, day):
    contract.refresh_from_db()
    return terms_on(contract, day).billing_configuration["monthly_fee"]


@pytest.fixture
def sites(in_acme):
    create_territory(actor=SYSTEM, name="East", territory_id="TER0007")
    return [make_site(site_name=name) for name in ("North", "South", "West")]


def test_sites_are_compared_changed_and_given_back(sites):
    north, south, west = sites
    rows = [
        ["site_id", "Nom du site", "Ville", "Territoire", "Courriel", "Client"],
        [north.site_id, "North Yard", "Ottawa", "TER0007", "new@example.com", None],
        [south.site_id.lower(), "South", "Toronto", None, "karen@example.com", None],
        [west.site_id, "", None, "TER9999", None, None],
        ["SITE900001", "", None, None, None, "CUS999999"],
    ]
    make_site(site_id="SITE900001")
    entries = Entry.objects.count()
    job = bring(workbook(rows), kind="sites", file_name="sites.xlsx")
    assert (job.status, job.new_rows, job.changed_rows, job.same_rows) == ("ready", 0, 1, 1)
    assert found(job) == {
        2: (
            "changed",
            {
                "site_name": ("North", "North Yard"),
                "territory_id": ("", "TER0007"),
                "billing_city": ("Toronto", "Ottawa"),
                "contact_email": ("karen@example.com", "new@example.com"),
            },
        ),
        3: ("same", {}),
    }
    assert reasons(job) == {4: {"territory_id": "unknown"}, 5: {"customer_id": "fixed"}}
    assert Entry.objects.count() == entries + 1  # that the import was started
    job = apply(job)
    assert (job.status, job.applied_rows) == ("applied", 1)
    revisions = dict(Site.objects.values_list("site_id", "revision"))
    assert (revisions[north.site_id], revisions[south.site_id]) == (2, 1)
    north.refresh_from_db()
    assert (north.billing_address["city"], north.territory.territory_id) == ("Ottawa", "TER0007")
    assert north.billing_address["zip"] == "M5H 1A1"
    assert north.contacts.get().phone == "416-555-0101"
    job = undo(job)
    assert (job.status, job.undone_rows, job.kept_rows) == ("undone", 1, 0)
    north = Site.objects.get(pk=north.pk)
    assert (north.name, north.territory, north.billing_address["city"]) == (
        "North",
        None,
        "Toronto",
    )
    assert north.contacts.get().email == "karen@example.com"


def test_what_changed_since_is_neither_overwritten_nor_given_back(sites):
    north, south, _west = sites
    content = f"site_id,site_name\n{north.site_id},A\n{south.site_id},B\n"
    job = bring(content, kind="sites")
    update_site(actor=SYSTEM, site_id=north.site_id, site_name="Meanwhile")
    job = apply(job)
    assert (job.applied_rows, reasons(job)) == (1, {2: {"": "conflict"}})
    update_site(actor=SYSTEM, site_id=south.site_id, site_name="Afterwards")
    job = undo(job)
    assert (job.undone_rows, job.kept_rows) == (0, 1)
    kept = job.problems.get(stage="undo")
    assert "changed after the import" in kept.told[0]["message"]
    assert set(Site.objects.values_list("name", flat=True)) == {"Meanwhile", "Afterwards", "West"}


CONTRACTS = "contract_id,effective_date,monthly_fee,payment terms,frequency,activate\n"


def test_other_terms_are_a_dated_amendment_and_go_back_by_one(in_acme):
    contract = make_contract()
    same = make_contract(make_site(site_name="South"))
    draft = make_contract(make_site(site_name="West"), active=False)
    job = bring(
        CONTRACTS
        + f'{contract.contract_id},2026-03-01,"1,200.00",45,,\n'
        + f"{same.contract_id},2026-03-01,1000,30,monthly,yes\n"
        + f"{draft.contract_id},,,,,yes\n"
        + f"{same.contract_id},,900,,,\n",
        kind="contracts",
    )
    assert found(job) == {
        2: (
            "changed",
            {"monthly_fee": ("1000", "1200"), "payment_terms_days": ("30", "45")},
        ),
        3: ("same", {}),
        4: ("changed", {"activate": ("Draft", "Active")}),
    }
    assert reasons(job) == {5: {"contract_id": "duplicate"}}
    job = apply(job)
    assert (job.status, job.applied_rows) == ("applied", 2)
    assert fee_on(contract, date(2026, 2, 28)) == Decimal(1000)
    assert fee_on(contract, date(2026, 3, 1)) == Decimal(1200)
    amendment = ContractAmendment.objects.get()
    assert (amendment.effective_date, amendment.reason) == (
        date(2026, 3, 1),
        "Import of rows.csv",
    )
    with override("fr-ca"):
        assert amendment.reason == "Importation de rows.csv"
    job = undo(job)
    assert (job.undone_rows, job.kept_rows) == (1, 1)
    contract = Contract.objects.get(pk=contract.pk)
    assert contract.payment_terms_days == 30
    assert fee_on(contract, date(2026, 3, 1)) == Decimal(1000)
    assert ContractAmendment.objects.count() == 2
    assert "put it in force" in job.problems.get(stage="undo").told[0]["message"]


def test_invoiced_days_keep_their_terms(in_acme):
    contract = make_contract()
    generate_invoice(actor=SYSTEM, site_id=contract.site.site_id, period=JANUARY)
    line = f"{contract.contract_id},%s,1200,,,\n"
    job = bring(CONTRACTS + line % "2026-01-15", kind="contracts")
    assert reasons(job) == {2: {"effective_date": "invoiced"}}
    assert reasons(bring(CONTRACTS + line % "", kind="contracts")) == {
        2: {"effective_date": "required"}
    }
    job = apply(bring(CONTRACTS + line % "2026-02-01", kind="contracts"))
    february = Period(date(2026, 2, 1), date(2026, 2, 28))
    made = generate_invoice(actor=SYSTEM, site_id=contract.site.site_id, period=february)
    assert made.invoice.subtotal == Decimal("1200.00")
    job = undo(job)
    assert (job.undone_rows, job.kept_rows) == (0, 1)
    assert "already invoiced" in job.problems.get(stage="undo").told[0]["message"]
    assert fee_on(contract, date(2026, 2, 1)) == Decimal(1200)


def test_cells_lie_over_the_stored_terms(in_acme):
    """The raise keeps counting from its day; a yearly fee takes the monthly one's place."""
    rising = {
        "monthly_fee": "1000.00",
        "escalation_schedule": {"annual_increase": "0.03", "effective_date": "2024-01-01"},
    }
    contract = make_contract(configuration=rising)
    header = "contract_id,start,annual_fee,annual increase,currency,end,site_id\n"
    job = apply(
        bring(header + f"{contract.contract_id},2026-03-01,12600,4 %,,,\n", kind="contracts")
    )
    assert reasons(job) == {}
    stored = terms_on(Contract.objects.get(pk=contract.pk), date(2026, 3, 1))
    assert stored.billing_configuration == {
        "annual_fee": Decimal(12600),
        "escalation_schedule": {
            "annual_increase": Decimal("0.04"),
            "effective_date": "2024-01-01",
        },
    }
    fixed = bring(
        header + f"{contract.contract_id},2026-04-01,,,USD,2027-01-01,SITE999999\n",
        kind="contracts",
    )
    assert reasons(fixed) == {2: {"currency": "fixed", "end_date": "fixed", "site_id": "fixed"}}


def test_wrong_terms_of_a_stored_contract_are_named(in_acme):
    contract = make_contract()
    header = "contract_id,effective_date,contract_type,revenue_share_rate,billing_configuration\n"
    code = contract.contract_id
    job = bring(
        header
        + f"{code},2026-03-01,revenue_share,1.5,\n"
        + 'CON00000099,2026-03-01,,,"{""monthly_fee"": ""many""}"\n',
        kind="contracts",
    )
    assert reasons(job)[2] == {"revenue_share_rate": "too_large"}
    assert set(reasons(job)[3]) >= {"contract_type"}
    job = bring(header + f'{code},2026-03-01,,,"{{""monthly_fee"": ""many""}}"\n', kind="contracts")
    assert set(reasons(job)[2]) == {"monthly_fee"}


def test_a_contract_changed_after_the_import_stays(in_acme):
    contract = make_contract()
    job = apply(bring(CONTRACTS + f"{contract.contract_id},2026-03-01,1200,,,\n", kind="contracts"))
    update_contract(
        actor=SYSTEM, contract_id=contract.contract_id, changes={"purchase_order": "PO 7"}
    )
    job = undo(job)
    assert (job.undone_rows, job.kept_rows) == (0, 1)
    assert fee_on(contract, date(2026, 3, 1)) == Decimal(1200)


def test_the_api_says_what_each_row_does(acme, client_for, in_acme):
    site = make_site()
    job = bring(f"site_id,site_name\n{site.site_id},Elsewhere\n", kind="sites")
    program = Program(client_for(acme), key_of(acme))
    rows = program.get(f"/imports/{job.pk}/rows?effect=changed").body["items"]
    assert rows[0]["changes"] == [
        {"field": "site_name", "before": "North Yard", "after": "Elsewhere"}
    ]
    assert program.get(f"/imports/{job.pk}/rows?effect=new").body["items"] == []
    assert program.get(f"/imports/{job.pk}/rows?effect=odd").status == 422
