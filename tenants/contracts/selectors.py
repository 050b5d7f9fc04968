"""Reading contracts and the terms in force on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from billing.periods import Period
from billing.terms import Terms, parse_terms
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.cache import remember
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound
from shared.kernel.wording import worded as _
from tenants.contracts.models import IN_FORCE, Contract, ContractAdjustment, ContractTerms
from tenants.sites.models import Contact, Site

NAMED_MAX = 20
BILLING_INFO_SECONDS = 3600


@dataclass(frozen=True)
class TermsSegment:
    """The days of a period on which one version of the terms is in force."""

    terms: ContractTerms
    parsed: Terms
    period: Period


def terms_in_order() -> Prefetch[Any]:
    """Every version of a contract's terms, as `terms_on` and `current_terms` need them."""
    return Prefetch("terms", queryset=ContractTerms.objects.order_by("valid_from"))


def contracts(*, actor: Actor) -> QuerySet[Contract]:
    """All contracts with site, customer, entity, department and every version of the terms."""
    authorize(actor, "contracts.read")
    found = Contract.objects.select_related("site", "site__customer", "entity", "department")
    return found.defer("entity__logo").prefetch_related(terms_in_order())


def search_contracts(
    *,
    actor: Actor,
    text: str = "",
    status: str = "",
    contract_type: str = "",
    ends_by: date | None = None,
) -> QuerySet[Contract]:
    """Contracts by id, site or customer, by status and type, and by their last day."""
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
    if ends_by is not None:
        found = found.filter(end_date__lte=ends_by)
    if contract_type:
        found = found.filter(terms__contract_type=contract_type).distinct()
    return found


def contract_by_code(*, actor: Actor, contract_id: str) -> Contract:
    """The contract of that public id. Raises NotFound."""
    contract = contracts(actor=actor).filter(contract_id=contract_id).first()
    if contract is None:
        raise NotFound(_("There is no contract %(id)s.") % {"id": contract_id})
    return contract


def ending_contracts(*, actor: Actor, first: date, last: date) -> QuerySet[Contract]:
    """Contracts in force whose last day lies between these days, in the order of it."""
    found = contracts(actor=actor).filter(status__in=IN_FORCE, end_date__range=(first, last))
    return found.order_by("end_date", "contract_id")


def adjustments_of(*, actor: Actor, contract_id: str) -> QuerySet[ContractAdjustment]:
    """A contract's negotiated adjustments, latest first. Raises NotFound for the contract."""
    contract = contract_by_code(actor=actor, contract_id=contract_id)
    return contract.adjustments.order_by("-valid_from", "-adjustment_id")


def adjustment_by_code(*, actor: Actor, contract_id: str, adjustment_id: str) -> ContractAdjustment:
    """One adjustment of a contract. Raises NotFound."""
    found = adjustments_of(actor=actor, contract_id=contract_id)
    adjustment = found.filter(adjustment_id=adjustment_id).first()
    if adjustment is None:
        raise NotFound(_("There is no adjustment %(id)s.") % {"id": adjustment_id})
    return adjustment


class ContractKey(NamedTuple):
    """Which contract is meant, and the revisions it and its site have now."""

    pk: UUID
    contract_id: str
    revision: int
    site_revision: int


def resolve_contract(*, site_id: str, contract_id: str | None = None) -> ContractKey:
    """The site's named contract, or its only active one, in one query.

    The caller has authorised whoever asks. Raises NotFound for an unknown site or contract,
    Conflict where the site has no active contract or several: then `contracts` names them.
    Source: `api.md`, generate-invoice.
    """
    found = Contract.objects.filter(site__site_id=site_id)
    if contract_id is not None:
        found = found.filter(contract_id=contract_id)
    else:
        found = found.filter(status__in=IN_FORCE)
    keys = found.order_by("contract_id").values_list(
        "pk", "contract_id", "revision", "site__revision"
    )[:NAMED_MAX]
    rows = [ContractKey(*row) for row in keys]
    if len(rows) == 1:
        return rows[0]
    if rows:
        raise _ambiguous(site_id, [row.contract_id for row in rows])
    if not Site.objects.filter(site_id=site_id).exists():
        message = _("There is no site %(site)s.") % {"site": site_id}
        raise NotFound(message, errors=[FieldError("site_id", "unknown", message)])
    if contract_id is not None:
        message = _("The site %(site)s has no contract %(contract)s.") % {
            "site": site_id,
            "contract": contract_id,
        }
        raise NotFound(message, errors=[FieldError("contract_id", "unknown", message)])
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


def terms_segments(
    contract: Contract, period: Period, versions: Sequence[ContractTerms] | None = None
) -> list[TermsSegment]:
    """The active days of a period by version of the terms, in order of time.

    The versions are the contract's own unless others are given, to try them. Raises Invalid
    where the contract has no active day in the period.
    """
    segments = []
    for terms in contract.terms.all() if versions is None else versions:
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


@dataclass(frozen=True)
class BillingInfo:
    """A site's contact, address, contract and terms, as seed 000 shows them.

    `stamp` changes with whatever is shown; `revision` is the contract's.
    """

    content: dict[str, Any]
    stamp: tuple[Any, ...]
    revision: int


def billing_info(
    *, actor: Actor, site_id: str, contract_id: str | None = None, on: date
) -> BillingInfo:
    """What billing needs to know of a site on a day, from the cache where nothing changed.

    A change of the site, its contact, the contract or its terms grows one of the two revisions,
    which are read each time. Raises as `resolve_contract`. Source: `api.md` (cached for 1 h).
    """
    authorize(actor, "sites.read")
    authorize(actor, "contracts.read")
    key = resolve_contract(site_id=site_id, contract_id=contract_id)
    stamp = (key.pk, key.revision, key.site_revision, on)
    content = remember(
        f"billing-info:{key.contract_id}",
        stamp,
        lambda: _load_billing_info(key.pk, on),
        seconds=BILLING_INFO_SECONDS,
    )
    return BillingInfo(content, stamp, key.revision)


def _load_billing_info(contract_pk: UUID, on: date) -> dict[str, Any]:
    contract = (
        Contract.objects.select_related("site")
        .prefetch_related(
            terms_in_order(),
            Prefetch(
                "site__contacts",
                queryset=Contact.objects.filter(is_billing=True),
                to_attr="billing_contacts",
            ),
        )
        .get(pk=contract_pk)
    )
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
