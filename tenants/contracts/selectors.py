"""Reading contracts and the terms in force on a day."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from billing.periods import Period
from billing.terms import Terms, parse_terms
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from tenants.contracts.models import Contract, ContractTerms
from tenants.sites.models import Contact, Site


NAMED_MAX = 20


@dataclass(frozen=True)
class TermsSegment:
    """The days of a period on which one version of the terms is in force."""

    terms: ContractTerms
    parsed: Terms
    period: Period


def contracts(*, actor: Actor) -> QuerySet[Contract]:
    """All contracts with site, customer and every version of the terms."""
    authorize(actor, "contracts.read")
    return Contract.objects.select_related("site", "site__customer").prefetch_related(
        Prefetch("terms", queryset=ContractTerms.objects.order_by("valid_from"))
    )


def search_contracts(
    *, actor: Actor, text: str = "", status: str = "", contract_type: str = ""
) -> QuerySet[Contract]:
    """Contracts by id, site or customer, and by status and type."""
    found = contracts(actor=actor)
    if text:
        found = found.filter(
            Q(contract_id__istartswith=text)
            | Q(site__name__icontains=text)
            | Q(site__site_id__istartswith=text)
            | Q(site__customer__name__icontains=text)
        )
    if status:
        found = found.filter(status=status)
    if contract_type:
        found = found.filter(terms__contract_type=contract_type).distinct()
    return found


def contract_by_code(*, actor: Actor, contract_id: str) -> Contract:
    """The contract of that public id. Raises NotFound."""
    contract = contracts(actor=actor).filter(contract_id=contract_id).first()
    if contract is None:
        raise NotFound(_("There is no contract %(id)s.") % {"id": contract_id})
    return contract


def contract_of_site(*, actor: Actor, site_id: str, contract_id: str | None = None) -> Contract:
    """The named contract of the site, or its only active one, with all it is read with.

    Raises as `resolve_contract`.
    """
    pk = resolve_contract(actor=actor, site_id=site_id, contract_id=contract_id)
    billing_contacts = Prefetch(
        "site__contacts",
        queryset=Contact.objects.filter(is_billing=True),
        to_attr="billing_contacts",
    )
    return contracts(actor=actor).prefetch_related(billing_contacts).get(pk=pk)


def resolve_contract(*, actor: Actor, site_id: str, contract_id: str | None = None) -> UUID:
    """The key of the site's named contract, or of its only active one, in one query.

    Raises NotFound for an unknown site or contract, Conflict where the site has no active
    contract or several: then `contracts` names them. Source: `api.md`, generate-invoice.
    """
    authorize(actor, "contracts.read")
    found = Contract.objects.filter(site__site_id=site_id)
    if contract_id:
        found = found.filter(contract_id=contract_id)
    else:
        found = found.filter(status=Contract.Status.ACTIVE)
    rows = list(found.order_by("contract_id").values_list("pk", "contract_id")[:NAMED_MAX])
    if len(rows) == 1:
        return rows[0][0]
    if rows:
        raise _ambiguous(site_id, [name for _pk, name in rows])
    if not Site.objects.filter(site_id=site_id).exists():
        raise NotFound(_("There is no site %(site)s.") % {"site": site_id})
    if contract_id:
        raise NotFound(
            _("The site %(site)s has no contract %(contract)s.")
            % {"site": site_id, "contract": contract_id}
        )
    raise Conflict(
        _("The site %(site)s has no active contract. Activate one first.") % {"site": site_id}
    )


def _ambiguous(site_id: str, names: list[str]) -> Conflict:
    message = _("The site %(site)s has several active contracts; name one: %(ids)s.") % {
        "site": site_id,
        "ids": ", ".join(names),
    }
    return Conflict(
        message,
        errors=[FieldError("contract_id", "ambiguous", message)],
        extra={"contracts": names},
    )


def terms_on(contract: Contract, day: date) -> ContractTerms | None:
    """The version of the terms in force on a day, from the prefetched versions."""
    for terms in contract.terms.all():
        if terms.valid_from <= day and (terms.valid_to is None or day <= terms.valid_to):
            return terms
    return None


def current_terms(contract: Contract, day: date) -> ContractTerms:
    """The terms in force on the day, else the nearest: the first to come or the last past."""
    versions = list(contract.terms.all())
    in_force = terms_on(contract, day)
    if in_force:
        return in_force
    return versions[0] if day < versions[0].valid_from else versions[-1]


def terms_segments(contract: Contract, period: Period) -> list[TermsSegment]:
    """The active days of a period by version of the terms, in order of time.

    Raises Invalid where the contract has no active day in the period.
    """
    segments = []
    for terms in contract.terms.all():
        days = period.overlap(terms.valid_from, terms.valid_to)
        days = days and days.overlap(contract.effective_date, contract.end_date)
        if days:
            parsed = parse_terms(terms.contract_type, terms.billing_configuration)
            segments.append(TermsSegment(terms, parsed, days))
    if not segments:
        message = _("%(contract)s is not active on any day of %(start)s to %(end)s.") % {
            "contract": contract.contract_id,
            "start": period.start_date,
            "end": period.end_date,
        }
        raise Invalid(message, errors=[FieldError("billing_period", "not_active", message)])
    return segments


def billing_info(
    *, actor: Actor, site_id: str, contract_id: str | None, on: date
) -> dict[str, Any]:
    """A site's contact, address, contract and terms, as seed 000 shows them.

    Raises as `contract_of_site`.
    """
    authorize(actor, "sites.read")
    contract = contract_of_site(actor=actor, site_id=site_id, contract_id=contract_id)
    terms = current_terms(contract, on)
    site = contract.site
    contact = next(iter(site.billing_contacts), None)  # type: ignore[attr-defined]
    return {
        "site_id": site.site_id,
        "site_name": site.name,
        "billing_contact": contact
        and {"name": contact.name, "email": contact.email, "phone": contact.phone},
        "billing_address": site.billing_address,
        "contract_info": {
            "contract_id": contract.contract_id,
            "contract_type": terms.contract_type,
            "billing_frequency": terms.billing_frequency,
            "effective_date": contract.effective_date,
        },
        "billing_configuration": terms.billing_configuration,
    }
