"""Plays a demo organisation's months through the same services as people use.

The same seed and day give the same amounts. Months run from `MONTHS` ago to the present one;
the last full month is left half billed, so that the cockpit has something to say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any
from unicodedata import normalize

from billing.periods import Frequency, Period, calendar_period, previous_period
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import AppError
from tenants.activity.services import RECORDS_MAX, DayRevenue, record_revenue
from tenants.contracts.services import (
    TermsInput,
    activate_contract,
    change_terms,
    create_contract,
    terminate_contract,
)
from tenants.demo.agreements import make_agreements
from tenants.demo.corrections import correct_some
from tenants.demo.deliveries import send_out
from tenants.demo.late_revenue import bring_late_revenue
from tenants.demo.schedule import make_schedule
from tenants.demo.statements import order_statements
from tenants.demo.story import SEASONS, ContractStory, OrganisationStory, SiteStory
from tenants.demo.templates import make_templates
from tenants.demo.weeks import add_up_weeks
from tenants.invoices.models import Invoice
from tenants.invoices.services import generate_invoice
from tenants.lists.services import save_view
from tenants.payments.models import Payment
from tenants.payments.services import record_payment
from tenants.sites.models import Site
from tenants.sites.services import BillingContact, create_site, create_territory
from tenants.structure.selectors import default_entity
from tenants.structure.services import update_legal_entity

MONTHS = 14
CENT = Decimal("0.01")
QUARTER_HOUR = Decimal("0.25")
SALES_TAX = Decimal("1.05")
# Days after the due date on which a customer of that habit pays, and the part it pays.
HABITS: Mapping[str, tuple[int, int, str]] = {
    "early": (-18, 4, "1"),
    "on_time": (-4, 5, "1"),
    "late": (12, 10, "1"),
    "slow": (34, 16, "1"),
    "part": (6, 8, "0.6"),
    "disputes": (3, 4, "1"),
}


@dataclass
class DemoContract:
    """A contract of the story and what stands for it in the database."""

    story: ContractStory
    site_story: SiteStory
    site: Site
    contract_id: str
    months: list[Period] = field(default_factory=list)

    @property
    def runs_on(self) -> bool:
        """In force, and not ended by the story."""
        return not self.story.draft and self.story.ended_months_ago is None


def play(story: OrganisationStory, *, today: date, seed: int) -> None:
    """Fill the organisation whose schema is chosen. It must be fresh."""
    chance = Random(f"{seed}:{story.subdomain}")  # noqa: S311 - a story, not a secret
    _set_up_entity(story)
    territories = {
        name: create_territory(actor=SYSTEM, name=name).territory_id for name in story.territories
    }
    months = _months(today)
    contracts = [
        contract
        for site_story in story.sites
        for contract in _make_site(site_story, territories[site_story.territory], months)
    ]
    for contract in contracts:
        if contract.story.daily_revenue is not None:
            _report_revenue(contract, months, today, chance)
    for month in months:
        for contract in contracts:
            _bill(contract, month, months, chance)
    _receive_payments(today, chance, {c.site.pk: c.site_story.habit for c in contracts})
    add_up_weeks(today)
    correct_some(today)
    for contract in contracts:
        _end(contract, months)
    make_templates()
    make_schedule()
    _share_view()
    order_statements(months[-3:-1])
    send_out(today)
    running = next(one for one in contracts if one.runs_on)
    make_agreements(
        contract_id=running.contract_id,
        site_id=running.site.site_id,
        month=months[-1].start_date,
        today=today,
    )
    sharing = [one for one in contracts if one.story.daily_revenue is not None]
    if sharing:
        bring_late_revenue(site_id=sharing[0].site.site_id, month=months[-3])


def _share_view() -> None:
    """What everybody asks the list of invoices for."""
    query = {
        "status": ["overdue"],
        "sort": ["due_date"],
        "columns": ["customer", "due_date", "total", "balance"],
    }
    save_view(
        actor=SYSTEM,
        list_name="invoices",
        name="Overdue, oldest first",
        query=query,
        is_shared=True,
    )


def _months(today: date) -> list[Period]:
    """The last MONTHS full months, oldest first, and the present one."""
    period = calendar_period(Frequency.MONTHLY, today)
    found = [period]
    for _count in range(MONTHS):
        period = previous_period(Frequency.MONTHLY, period)
        found.append(period)
    return found[::-1]


def _set_up_entity(story: OrganisationStory) -> None:
    update_legal_entity(
        actor=SYSTEM,
        entity_id=default_entity().pk,
        changes=story.entity,
        tax_registrations=story.registrations,
    )


def _make_site(story: SiteStory, territory_id: str, months: list[Period]) -> Iterator[DemoContract]:
    first_name = story.contact.split()[0].lower()
    slug = normalize("NFKD", first_name).encode("ascii", "ignore").decode()
    site = create_site(
        actor=SYSTEM,
        site_name=story.name,
        territory_id=territory_id,
        billing_address={
            "street1": story.street,
            "city": story.city,
            "state": story.province,
            "zip": story.postal_code,
        },
        billing_contact=BillingContact(story.contact, f"{slug}@customer.example"),
    )
    site.customer.language = story.language
    site.customer.save_changes("language")
    for contract_story in story.contracts:
        yield _make_contract(contract_story, story, site, months)


def _make_contract(
    story: ContractStory, site_story: SiteStory, site: Site, months: list[Period]
) -> DemoContract:
    begins = months[max(0, len(months) - 1 - story.starts_months_ago)]
    frequency = Frequency(story.frequency)
    # A quarter is billed whole, so its contract starts with one.
    start = calendar_period(frequency, begins.start_date).start_date
    contract = create_contract(
        actor=SYSTEM,
        site_id=site.site_id,
        terms=TermsInput(story.contract_type, story.configuration, story.frequency),
        effective_date=start,
        details={"is_construction": story.construction},
    )
    if not story.draft:
        activate_contract(actor=SYSTEM, contract_id=contract.contract_id)
    if story.new_terms:
        months_ago, configuration = story.new_terms
        change_terms(
            actor=SYSTEM,
            contract_id=contract.contract_id,
            terms=TermsInput(story.contract_type, configuration, story.frequency),
            effective_date=months[-1 - months_ago].start_date,
        )
    return DemoContract(story, site_story, site, contract.contract_id)


def _report_revenue(
    contract: DemoContract, months: list[Period], today: date, chance: Random
) -> None:
    """Every day up to yesterday, with weekends, seasons and, lately, a few days missing."""
    records: list[DayRevenue] = []
    last_full = months[-2]
    for month in months:
        for day in month:
            forgotten = day in last_full and day.day in (14, 15) and chance.random() < 0.3
            if day >= today or forgotten:
                continue
            records.append(_day_revenue(contract, day, chance))
    for first in range(0, len(records), RECORDS_MAX):
        record_revenue(
            actor=SYSTEM,
            site_id=contract.site.site_id,
            records=records[first : first + RECORDS_MAX],
        )


def _day_revenue(contract: DemoContract, day: date, chance: Random) -> DayRevenue:
    assert contract.story.daily_revenue is not None
    weekend = Decimal("0.72") if day.weekday() >= 5 else Decimal(1)
    net = contract.story.daily_revenue * weekend * _factor(contract, day, chance)
    net = net.quantize(CENT, ROUND_HALF_UP)
    return DayRevenue(
        day=day,
        gross_amount=(net * SALES_TAX).quantize(CENT, ROUND_HALF_UP),
        net_amount=net,
        category="parking",
    )


def _factor(contract: DemoContract, day: date, chance: Random) -> Decimal:
    season = Decimal(SEASONS[contract.site_story.season][day.month - 1])
    return season * Decimal(str(round(chance.uniform(0.88, 1.12), 4)))


def _bill(contract: DemoContract, month: Period, months: list[Period], chance: Random) -> None:
    """Bill the period that ends with this month; of the last full one a part is left to do."""
    story = contract.story
    period = calendar_period(Frequency(story.frequency), month.end_date)
    ended = story.ended_months_ago is not None and month in months[-story.ended_months_ago :]
    if story.draft or ended or period.end_date != month.end_date or month == months[-1]:
        return
    issue = True
    if month == months[-2]:
        luck = chance.random()
        if luck < 0.25:
            return  # not billed yet
        issue = luck > 0.45  # some stand ready to issue
    try:
        generate_invoice(
            actor=SYSTEM,
            site_id=contract.site.site_id,
            contract_id=contract.contract_id,
            period=period,
            billing_data=_inputs(contract, month, chance),
            issue=issue,
            render=False,
        )
    except AppError:
        return  # a contract that cannot be billed yet is part of the story


def _inputs(contract: DemoContract, month: Period, chance: Random) -> dict[str, Any]:
    factor = _factor(contract, month.start_date, chance)
    return {key: _vary(key, value, factor) for key, value in contract.story.monthly_inputs.items()}


def _vary(key: str, value: Any, factor: Decimal) -> Any:
    """Hours move by quarters of an hour, amounts by cents; words stay."""
    if isinstance(value, Mapping):
        return {name: _vary(name, item, factor) for name, item in value.items()}
    if isinstance(value, list):
        return [_vary(key, item, factor) for item in value]
    if key in ("regular", "overtime", "holiday", "double_time"):
        hours = Decimal(value) * factor
        return (hours / QUARTER_HOUR).quantize(Decimal(1), ROUND_HALF_UP) * QUARTER_HOUR
    if key == "amount":
        return (Decimal(value) * factor).quantize(CENT, ROUND_HALF_UP)
    return value


def _receive_payments(today: date, chance: Random, habits: Mapping[Any, str]) -> None:
    """Each customer pays by its habit; one pays too much, and some not at all lately."""
    issued = Invoice.objects.filter(number__isnull=False).order_by("invoice_date", "invoice_id")
    for position, invoice in enumerate(issued):
        after, spread, part = HABITS[habits[invoice.site_id]]
        paid_on = invoice.due_date + timedelta(days=after + chance.randint(0, spread))
        if paid_on >= today or (habits[invoice.site_id] == "disputes" and position % 4 == 0):
            continue
        amount = (Decimal(invoice.total) * Decimal(part)).quantize(CENT, ROUND_HALF_UP)
        if part != "1" and invoice.due_date < today - timedelta(days=120):
            amount = Decimal(invoice.total)
        if position % 53 == 7:
            amount += Decimal("100.00")  # typed one digit wrong: stays unapplied credit
        if amount > 0:
            record_payment(
                actor=SYSTEM,
                invoice_id=invoice.invoice_id,
                amount=amount.quantize(CENT),
                received_on=paid_on,
                method=chance.choice((Payment.Method.ACH, Payment.Method.CHEQUE)),
                transaction_id=f"TXN{invoice.number_year}{position:06}",
            )


def _end(contract: DemoContract, months: list[Period]) -> None:
    ago = contract.story.ended_months_ago
    if ago is not None:
        terminate_contract(
            actor=SYSTEM,
            contract_id=contract.contract_id,
            last_day=months[-ago - 1].end_date,
        )
