"""Which organisation a host names, what is free, and how far a set-up is."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID, uuid4

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q, QuerySet

from shared.accounts.models import User
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import NotFound
from shared.kernel.tenancy import organisation_context, shared_context
from shared.organisations.models import Domain, Organisation, OutsideAccount, ProvisioningJob
from shared.organisations.provisioning import schema_exists

HOST_CACHE_SECONDS = 30
MARK_SECONDS = 3600  # far longer than a request that began before a change can still be running


@dataclass(frozen=True)
class Site:
    """The organisation of a host name; `redirects_until` where it is a former one."""

    organisation: Organisation
    redirects_until: datetime | None


def find_site(host: str) -> Site | None:
    """The organisation that answers at `host` (lower case, no port), from a short-lived cache.

    `forget_hosts` drops it on a change: what a reader of the moment before stores after it goes
    under the former mark, which counts no more. Organisations that are not set up yet have no
    site.
    """
    kept, mark = _host_key(host), _mark_key(host)
    with shared_context():
        known = cache.get_many([kept, mark])
        if kept in known and known[kept][0] == known.get(mark):
            site: Site | None = known[kept][1]
        else:
            site = _load_site(host)
            cache.set(kept, (known.get(mark), site), HOST_CACHE_SECONDS)
    if site and site.redirects_until and site.redirects_until <= now():
        return None
    return site


def forget_hosts(*hosts: str) -> None:
    """Look these hosts up anew at the next request. Raises redis.RedisError."""
    with shared_context():
        cache.set_many({_mark_key(host): uuid4().hex for host in hosts}, MARK_SECONDS)


def _host_key(host: str) -> str:
    return f"site:{host}"


def _mark_key(host: str) -> str:
    return f"site-mark:{host}"


def _load_site(host: str) -> Site | None:
    domain = (
        Domain.objects.filter(domain=host)
        .exclude(tenant__state__in=(Organisation.State.SPARE, Organisation.State.PROVISIONING))
        .select_related("tenant")
        .first()
    )
    return Site(domain.tenant, domain.redirects_until) if domain else None


def is_subdomain_free(subdomain: str) -> bool:
    """Whether nobody has, had within 30 days, or keeps a schema under the name."""
    host = f"{subdomain}.{settings.BASE_DOMAIN}"
    with shared_context():
        return not (
            Organisation.objects.filter(Q(subdomain=subdomain) | Q(schema_name=subdomain)).exists()
            or Domain.objects.filter(domain=host).exists()
            or schema_exists(subdomain)
        )


def organisation_of_account(*, system: str, number: str) -> Organisation | None:
    """The organisation that gave access to this account at an outside system."""
    with shared_context():
        found = OutsideAccount.objects.select_related("organisation")
        account = found.filter(system=system, number=number).first()
    return account.organisation if account else None


def list_organisations(*, actor: Actor) -> QuerySet[Organisation]:
    """Every organisation but the ready-made spare ones, with what each signed."""
    authorize(actor, "organisations.read")
    return cast(
        "QuerySet[Organisation]",
        Organisation.objects.exclude(state=Organisation.State.SPARE).select_related(
            "subscription__plan_version__plan"
        ),
    )


def get_organisation(*, actor: Actor, organisation_id: UUID) -> Organisation:
    """One organisation, for staff. Raises NotFound."""
    found = list_organisations(actor=actor).filter(pk=organisation_id).first()
    if found is None:
        raise NotFound()
    return found


def plan_code_of(organisation: Organisation) -> str | None:
    """The code of the plan it signed."""
    try:
        return str(organisation.subscription.plan_version.plan.code)
    except ObjectDoesNotExist:
        return None


def status_url(job: ProvisioningJob) -> str:
    """Where the API tells how far a set-up is."""
    return f"/api/v1/signup/{job.id}"


def get_job(job_id: UUID) -> ProvisioningJob:
    """A set-up by its id, which only who signed up was told. Raises NotFound."""
    with shared_context():
        job = ProvisioningJob.objects.select_related("organisation").filter(pk=job_id).first()
    if job is None:
        raise NotFound()
    return job


def organisations_of_email(email: str) -> list[Organisation]:
    """The active organisations in which the address can sign in, one query for each of them.

    For a worker: people live in their organisation's schema, so it takes about a millisecond an
    organisation. Who asks learns nothing, the answer is mailed.
    """
    with shared_context():
        active = list(Organisation.objects.filter(state=Organisation.State.ACTIVE).order_by("name"))
    found = []
    for organisation in active:
        with organisation_context(organisation):
            if User.objects.filter(email=email.strip().lower(), is_active=True).exists():
                found.append(organisation)
    return found
