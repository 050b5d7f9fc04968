"""Bodies and answers of sign-up and of the staff's API."""

from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import Field

from shared.kernel.api.schemas import Filters, Schema
from shared.organisations.models import Organisation, ProvisioningJob
from shared.organisations.selectors import plan_code_of, status_url
from shared.organisations.services.jobs import STEPS

JobStatus = Literal["waiting", "running", "undoing", "done", "failed"]
StateName = Literal["provisioning", "active", "suspended", "deleting"]


class SignUpIn(Schema):
    """A new organisation and its owner."""

    organisation_name: Annotated[str, Field(min_length=1, max_length=200)]
    subdomain: Annotated[
        str, Field(min_length=3, max_length=40, description="Letters a to z, digits, hyphens.")
    ]
    owner_name: Annotated[str, Field(min_length=1, max_length=150)]
    email: Annotated[str, Field(min_length=3, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=128)]
    plan: Annotated[str, Field(max_length=40, description="A code of /plans.")] = "starter"
    language: Annotated[str, Field(max_length=5, description="en or fr-ca.")] = "en"
    time_zone: Annotated[str, Field(max_length=50, description="An IANA name.")] = "America/Toronto"


class StepOut(Schema):
    """One step of the set-up."""

    name: str
    label: str
    done: bool


class SignUpOut(Schema):
    """How far the set-up is; `url` answers once `status` is `done`."""

    job_id: UUID
    organisation_id: UUID | None
    subdomain: str
    schema_name: str | None
    url: str | None
    status: JobStatus
    steps: list[StepOut]
    status_url: str

    @classmethod
    def of(cls, job: ProvisioningJob) -> "SignUpOut":
        """The answer for one job; ids are null once a failed set-up was undone."""
        organisation = job.organisation
        return cls(
            job_id=job.id,
            organisation_id=organisation.id if organisation else None,
            subdomain=job.subdomain,
            schema_name=organisation.schema_name if organisation else None,
            url=organisation.url if organisation else None,
            status=cast("JobStatus", job.status),
            steps=[
                StepOut(name=step.name, label=str(step.label), done=step.name in job.steps_done)
                for step in STEPS
            ],
            status_url=status_url(job),
        )


class OrganisationOut(Schema):
    """An organisation as platform staff see it."""

    id: UUID
    name: str
    subdomain: str
    schema_name: str
    url: str
    state: StateName
    state_reason: str
    plan: str | None
    language: str
    time_zone: str
    owner_email: str
    created_at: datetime
    delete_after: datetime | None

    @classmethod
    def of(cls, organisation: Organisation) -> "OrganisationOut":
        """The answer for one row, which has its subscription joined."""
        values = {name: getattr(organisation, name) for name in cls.model_fields if name != "plan"}
        return cls(plan=plan_code_of(organisation), **values)


class OrganisationFilters(Filters):
    """Narrows the list of organisations."""

    state: StateName | None = None
    subdomain: Annotated[str | None, Field(max_length=40)] = None


class SuspendIn(Schema):
    """Why; it is shown to whoever comes to the organisation's address."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]
