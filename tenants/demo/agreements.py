"""What is agreed around the demo's contracts: a renewal to decide, an amendment, a signature."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from shared.kernel.actor import SYSTEM
from tenants.contracts.documents import canonical_document, document_hash
from tenants.contracts.selectors import contract_by_code
from tenants.contracts.services import (
    Signer,
    TermsInput,
    activate_contract,
    approve_adjustment,
    create_contract,
    propose_adjustment,
    record_signature,
    sweep_renewals,
    update_contract,
)
from tenants.structure.services import (
    add_construction_rule,
    add_tax_exclusion,
    create_department,
)

APPROVER = replace(SYSTEM, id="approver", label="approver@acme.example")
LABOUR = ("labor_regular", "labor_overtime", "labor_double_time", "labor_holiday")
NOTICE_DAYS = 60
DAYS_LEFT = 45


def make_agreements(*, contract_id: str, site_id: str, month: date, today: date) -> None:
    """Give a contract in force its department, order, signature and an approved rebate.

    Beside it its site gets a small contract whose renewal is due. `month` is the first day of
    the present one, which is not billed yet.
    """
    create_department(actor=SYSTEM, code="FIELD", name="Field services")
    update_contract(
        actor=SYSTEM,
        contract_id=contract_id,
        changes={
            "department": "FIELD",
            "purchase_order": "PO-88214",
            "service_category": "real_property",
        },
    )
    rebate = propose_adjustment(
        actor=SYSTEM,
        contract_id=contract_id,
        amount=Decimal("-180.00"),
        reason="Lift out of service, agreed by telephone",
        valid_from=month,
    )
    approve_adjustment(actor=APPROVER, contract_id=contract_id, adjustment_id=rebate.adjustment_id)
    propose_adjustment(
        actor=SYSTEM,
        contract_id=contract_id,
        amount=Decimal("95.00"),
        reason="After-hours access, each month of the works",
        valid_from=month,
        valid_to=today + timedelta(days=120),
        is_monthly=True,
    )
    _sign(contract_id)
    _let_one_end(site_id, month, today)
    add_tax_exclusion(
        actor=SYSTEM,
        component="PST",
        province="BC",
        line_codes=LABOUR,
        starts_on=date(today.year, 1, 1),
        source="PST Bulletin 501: services to real property",
    )
    add_construction_rule(
        actor=SYSTEM,
        jurisdiction="NS",
        holdback_rate=Decimal("0.10"),
        release_days=60,
        starts_on=date(today.year, 1, 1),
        source="Our standard contract, clause 9",
    )


def _sign(contract_id: str) -> None:
    contract = contract_by_code(actor=SYSTEM, contract_id=contract_id)
    record_signature(
        actor=replace(SYSTEM, ip="203.0.113.24"),
        contract_id=contract_id,
        signer=Signer("Karen Douglas", "karen@customer.example", "Property manager"),
        document_sha256=document_hash(canonical_document(contract)),
    )


def _let_one_end(site_id: str, month: date, today: date) -> None:
    contract = create_contract(
        actor=SYSTEM,
        site_id=site_id,
        terms=TermsInput("fixed_fee", {"monthly_fee": "240.00"}),
        effective_date=month,
        end_date=today + timedelta(days=DAYS_LEFT),
        details={"renewal_notice_days": NOTICE_DAYS},
    )
    activate_contract(actor=SYSTEM, contract_id=contract.contract_id)
    sweep_renewals(on=today)
