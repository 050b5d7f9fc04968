"""Sites and contracts out of files: rehearsed, made, taken away while nothing depends."""

import json
from datetime import date
from decimal import Decimal

import pytest
from support.billing import make_contract, make_site
from support.imports import apply, bring, reasons, undo, work, workbook

from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import Conflict
from shared.outbox.models import Event
from tenants.activity.services import DayRevenue, record_revenue
from tenants.contracts.models import Contract, ContractTerms
from tenants.imports.models import RecordRow
from tenants.imports.services import apply_import
from tenants.imports.services.checking_records import CHUNK_ROWS
from tenants.sites.models import Contact, Customer, Site
from tenants.sites.services import create_territory, update_site

SITES = "site_id,site_name,street,city,province,postal code,contact,email,phone\n"


def site_line(name, *, code="", province="ON", email="karen@example.com"):
    return f"{code},{name},18 King Street West,Toronto,{province},M5H 1A1,Karen,{email},416\n"


def test_a_dry_run_of_sites_makes_none(in_acme):
    territory = create_territory(actor=SYSTEM, name="East")
    taken = make_site(site_name="Taken")
    entries = Entry.objects.count()
    job = bring(
        SITES
        + site_line("North Yard")
        + site_line("", province="XX", email="nobody")
        + site_line("South Yard", code="SITE1")
        + site_line("West Yard", code="SITE900001")
        + site_line("East Yard", code="site900001"),
        kind="sites",
    )
    assert (job.status, job.rows, job.bad_rows, job.new_rows) == ("ready", 5, 3, 2)
    assert reasons(job) == {
        3: {
            "site_name": "required",
            "billing_state": "not_a_province",
            "contact_email": "not_an_email",
        },
        4: {"site_id": "form"},
        6: {"site_id": "duplicate"},
    }
    assert list(Site.objects.all()) == [taken]
    assert Customer.objects.count() == 1
    assert Entry.objects.count() == entries + 1  # that the import was started
    assert territory.name == "East"


def test_sites_in_french_are_made_and_taken_away(in_acme):
    before = Customer.objects.count()
    header = [
        *("Nom du site", "Adresse de facturation", "Ville", "Province", "Code postal"),
        *("Contact de facturation", "Courriel", "Téléphone", "Adresse du site", "Ville du site"),
        *("Province du site", "Code postal du site"),
    ]
    row = [
        *("Dépôt Nord", "895, rue De La Gauchetière", "Montréal", "qc", "H3B 4G1", "Élise Fortin"),
        *("elise@client.example", 5145550101, "1 rue du Pont", "Gatineau", "QC", "J8X 2K1"),
    ]
    job = apply(bring(workbook([header, row]), kind="sites", file_name="sites.xlsx"))
    assert (job.status, job.applied_rows) == ("applied", 1), reasons(job)
    site = Site.objects.get()
    assert (site.name, site.billing_address["state"]) == ("Dépôt Nord", "QC")
    assert site.site_address["city"] == "Gatineau"
    assert Contact.objects.get().phone == "5145550101"
    job = undo(job)
    assert (job.status, job.undone_rows, job.kept_rows) == ("undone", 1, 0)
    assert Site.objects.count() == 0
    assert Contact.objects.count() == 0
    assert Customer.objects.count() == before
    assert Event.objects.filter(topic="site.removed", key=site.site_id).count() == 1
    assert Entry.objects.filter(action="site.removed").count() == 1


def test_undo_keeps_what_is_needed_or_changed_and_says_why(in_acme):
    names = ["Free", "Billed", "Earning", "Renamed"]
    job = apply(bring(SITES + "".join(site_line(name) for name in names), kind="sites"))
    codes = {site.name: site.site_id for site in Site.objects.all()}
    make_contract(Site.objects.get(name="Billed"))
    record_revenue(
        actor=SYSTEM,
        site_id=codes["Earning"],
        records=[DayRevenue(date(2026, 10, 1), Decimal(1))],
    )
    update_site(actor=SYSTEM, site_id=codes["Renamed"], site_name="Other")
    job = undo(job)
    assert (job.undone_rows, job.kept_rows) == (1, 3)
    said = {one.values["site_id"]: one.told[0]["message"] for one in job.problems.all()}
    assert set(said) == {codes["Billed"], codes["Earning"], codes["Renamed"]}
    assert "Contracts" in said[codes["Billed"]]
    assert "Revenue" in said[codes["Earning"]]
    assert "changed" in said[codes["Renamed"]]
    assert set(Site.objects.values_list("name", flat=True)) == {"Billed", "Earning", "Other"}


def test_many_sites_are_made_once_each_over_several_chunks(in_acme):
    count = 2 * CHUNK_ROWS + 3
    job = apply(bring(SITES + "".join(site_line(f"Yard {n}") for n in range(count)), kind="sites"))
    assert job.applied_rows == count
    assert Site.objects.values("site_id").distinct().count() == count


CONTRACTS = (
    "site_id,type,frequency,start,end,monthly_fee,revenue_share_rate,minimum_guarantee,"
    "hourly rate,annual increase,billing_configuration,activate\n"
)


@pytest.fixture
def site(in_acme):
    return make_site()


def test_contracts_of_every_kind_of_column(site):
    code = site.site_id
    hybrid = {"components": [{"contract_type": "fixed_fee", "monthly_fee": 100.10}]}
    written = json.dumps(hybrid).replace('"', '""')
    job = apply(
        bring(
            CONTRACTS
            + f'{code},fixed_fee,quarterly,2026-01-01,2026-12-31,"1,000.50",,,,,,yes\n'
            + f"{code},Revenue share,,2026-01-01,,,15 %,500,,,,no\n"
            + f"{code},Labour hours,Monthly,2026-01-01,,,,,42.5,0.03,,\n"
            + f'{code},hybrid,,2026-01-01,,,,,,,"{written}",\n',
            kind="contracts",
        )
    )
    assert reasons(job) == {}
    assert job.applied_rows == 4
    terms = {one.contract_type: one for one in ContractTerms.objects.select_related("contract")}
    fixed = terms["fixed_fee"]
    assert fixed.billing_configuration == {"monthly_fee": Decimal("1000.50")}
    assert (fixed.billing_frequency, fixed.contract.status) == ("quarterly", "active")
    assert fixed.contract.end_date == date(2026, 12, 31)
    share = terms["revenue_share"]
    assert Decimal(share.billing_configuration["revenue_share_rate"]) == Decimal("0.15")
    assert share.contract.status == "draft"
    hours = terms["per_labor_hour"].billing_configuration
    assert hours["hourly_rates"] == {"standard": Decimal("42.5")}
    assert hours["escalation_schedule"]["effective_date"] == "2026-01-01"
    assert terms["hybrid"].billing_configuration["components"][0]["monthly_fee"] in (
        "100.1",
        Decimal("100.1"),
    )
    job = undo(job)
    assert (job.undone_rows, Contract.objects.count()) == (4, 0)


def test_wrong_contracts_are_named_by_their_columns(site):
    code = site.site_id
    job = bring(
        CONTRACTS
        + "SITE999999,fixed_fee,,2026-01-01,,100,,,,,,\n"
        + f"{code},rent,daily,soon,,100,,,,,,perhaps\n"
        + f"{code},revenue_share,,2026-01-01,,,1.5,,,,,\n"
        + f'{code},fixed_fee,,2026-01-01,,100,,,,,"{{""monthly_fee"": 5}}",\n'
        + f"{code},fixed_fee,,2026-01-01,,,,,,,[1],\n"
        + f"{code},fixed_fee,,2026-01-01,2025-12-31,100,,,,,,\n",
        kind="contracts",
    )
    assert reasons(job) == {
        2: {"site_id": "unknown"},
        3: {
            "contract_type": "choice",
            "billing_frequency": "choice",
            "effective_date": "not_a_day",
            "activate": "choice",
        },
        4: {"revenue_share_rate": "too_large"},
        5: {"billing_configuration": "misplaced"},
        6: {"billing_configuration": "not_json"},
        7: {"end_date": "before_start"},
    }
    assert Contract.objects.count() == 0


def test_types_in_french(site):
    code = site.site_id
    rows = (
        f"{code};Frais fixes;Trimestrielle;2026-01-01;100,50\n"
        f"{code};Honoraires fixes;Chaque trimestre;2026-02-01;100,50\n"
    )
    header = "Site;Type de contrat;Fréquence de facturation;Date de début;Frais mensuels\n"
    job = apply(bring(header + rows, kind="contracts"))
    assert reasons(job) == {}
    for terms in ContractTerms.objects.all():
        assert (terms.contract_type, terms.billing_frequency) == ("fixed_fee", "quarterly")
        assert Decimal(terms.billing_configuration["monthly_fee"]) == Decimal("100.50")
    assert ContractTerms.objects.count() == 2


def effects(job):
    """By line the effect, the record that says the same, and the row that does."""
    rows = RecordRow.objects.filter(job=job)
    return {row.line: (row.effect, row.twin, row.twin_line) for row in rows}


def test_equal_sites_are_made_once_unless_somebody_says_so(in_acme):
    first = SITES + site_line("North Yard") + site_line("NORTH  YARD") + site_line("South Yard")
    job = bring(first, kind="sites")
    assert effects(job) == {2: ("new", "", None), 3: ("duplicate", "", 2), 4: ("new", "", None)}
    assert (job.new_rows, job.duplicate_rows, job.good_rows) == (2, 1, 2)
    job = apply(job)
    assert (job.status, job.applied_rows, Site.objects.count()) == ("applied", 2, 2)
    north = Site.objects.get(name="North Yard")
    later = bring(
        SITES + site_line("North yard") + site_line("West Yard") + site_line("West Yard"),
        kind="sites",
    )
    assert effects(later)[2] == ("duplicate", north.site_id, None)
    later = work(apply_import(actor=SYSTEM, import_id=later.pk, allow_duplicates=True))
    assert (later.applied_rows, later.bad_rows, Site.objects.count()) == (3, 0, 5)
    assert undo(later).undone_rows == 3
    assert Site.objects.count() == 2


def test_the_same_file_of_contracts_twice_makes_them_once(site):
    content = CONTRACTS + f"{site.site_id},fixed_fee,,2026-01-01,,100.50,,,,,,yes\n"
    first = apply(bring(content, kind="contracts"))
    again = bring(content.replace("100.50", "100.5"), kind="contracts")
    contract = Contract.objects.get()
    assert effects(again) == {2: ("duplicate", contract.contract_id, None)}
    with pytest.raises(Conflict):
        apply(again)
    other = f"{site.site_id},fixed_fee,,2026-01-01,,200,,,,,,yes\n"
    assert effects(bring(CONTRACTS + other, kind="contracts")) == {2: ("new", "", None)}
    same = bring(content, kind="contracts")
    contract.terms.update(billing_configuration={"monthly_fee": 7})  # no row is a duplicate
    with pytest.raises(Conflict):
        apply(bring(content, kind="contracts"))
    assert Contract.objects.count() == 1
    undo(first)
    work(apply_import(actor=SYSTEM, import_id=same.pk, allow_duplicates=True))
    assert Contract.objects.count() >= 1


def test_a_contract_names_its_site_by_a_name_of_its_own(in_acme):
    yard = make_site(site_name="North Yard")
    twins = [make_site(site_name="Twin"), make_site(site_name="twin")]
    row = "{},fixed_fee,,2026-01-01,,100,,,,,,\n"
    job = bring(
        CONTRACTS
        + row.format("north yard")
        + row.format("Twin")
        + row.format("Nowhere")
        + "Nowhere,fixed_fee,,2026-01-01,2025-01-01,,1.5,,,,,\n",
        kind="contracts",
    )
    assert reasons(job) == {
        3: {"site_id": "ambiguous"},
        4: {"site_id": "unknown"},
        5: {
            "site_id": "unknown",
            "end_date": "before_start",
            "revenue_share_rate": "unknown_field",
            "monthly_fee": "required",
        },
    }
    (named,) = [one for one in job.problems.all() if one.line == 3]
    assert all(one.site_id in named.told[0]["message"] for one in twins)
    apply(job)
    assert Contract.objects.get().site == yard


def test_provinces_in_full_and_a_missing_e_mail(in_acme):
    names = ["Quebec", "QUÉBEC", "nova scotia", "Nouvelle-Ecosse", "Île-du-Prince-Édouard"]
    lines = [site_line(f"Yard {n}", province=name) for n, name in enumerate(names)]
    job = bring(SITES + "".join(lines) + site_line("Last", email=""), kind="sites")
    assert reasons(job) == {7: {"contact_email": "required"}}
    apply(job)
    stored = {site.name: site.billing_address["state"] for site in Site.objects.all()}
    assert [stored[f"Yard {n}"] for n in range(5)] == ["QC", "QC", "NS", "NS", "PE"]
