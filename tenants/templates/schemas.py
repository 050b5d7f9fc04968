"""What the API takes and answers about templates and the brand."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.kernel.api.schemas import Schema, Worded
from tenants.structure.logos import BYTES_MAX
from tenants.structure.models import LegalEntity
from tenants.templates.contents import NOTE_MAX, SUBJECT_SOURCE_MAX
from tenants.templates.models import DocumentTemplate, TemplateVersion
from tenants.templates.sandbox import SOURCE_MAX
from tenants.templates.stylesheets import CSS_MAX

KindName = Literal[
    "invoice",
    "credit_note",
    "adjustment",
    "statement",
    "reminder",
    "invoice_email",
    "statement_email",
    "reminder_email",
]
ContractTypeName = Literal[
    "revenue_share", "per_labor_hour", "fixed_fee", "management_agreement", "hybrid"
]
LanguageName = Literal["en", "fr-ca"]
Source = Annotated[str, Field(max_length=SOURCE_MAX)]
VersionNumber = Annotated[int, Field(ge=1, le=1_000_000)]
# Base64 takes four characters for three bytes.
LogoText = Annotated[str, Field(max_length=BYTES_MAX * 4 // 3 + 4)]


class TemplateIn(Schema):
    """A new template; it starts as a copy of the default. No contract type: for all of them."""

    kind: KindName
    language: LanguageName
    contract_type: ContractTypeName | None = None


class TemplateOut(Schema):
    """A template; where it is not in use, the default is."""

    id: UUID
    kind: str
    contract_type: str | None
    language: str
    in_use: bool
    active_version: int
    updated_at: datetime

    @classmethod
    def of(cls, template: DocumentTemplate) -> "TemplateOut":
        """Answer for a template loaded with its active version."""
        return cls(
            id=template.pk,
            kind=template.kind,
            contract_type=template.contract_type or None,
            language=template.language,
            in_use=template.is_in_use,
            active_version=template.active_version.number,
            updated_at=template.updated_at,
        )


class VersionRow(Schema):
    """A version in a list."""

    number: int
    note: Worded
    created_by: str
    created_at: datetime
    active: bool

    @classmethod
    def of(cls, version: TemplateVersion, active_id: UUID) -> "VersionRow":
        """Answer for one version of a template."""
        return cls(
            number=version.number,
            note=version.note,
            created_by=version.created_by,
            created_at=version.created_at,
            active=version.pk == active_id,
        )


class VersionOut(VersionRow):
    """A version with its texts."""

    html: str
    text: str
    subject: str
    css: str

    @classmethod
    def whole(cls, version: TemplateVersion, active_id: UUID) -> "VersionOut":
        """Answer for one version of a template."""
        row = VersionRow.of(version, active_id).model_dump()
        return cls(
            **row,
            html=version.html,
            text=version.text,
            subject=version.subject,
            css=version.css,
        )


class VersionIn(Schema):
    """The texts of a new version; `activate` puts it in use at once."""

    html: Source
    text: Source
    subject: Annotated[str, Field(max_length=SUBJECT_SOURCE_MAX)] = ""
    css: Annotated[str, Field(max_length=CSS_MAX)] = ""
    note: Annotated[str, Field(max_length=NOTE_MAX)] = ""
    activate: bool = False


class ActivateIn(Schema):
    """Which version to use."""

    number: VersionNumber


class RollbackIn(Schema):
    """Which older version to go back to; without one, that before the active one."""

    number: VersionNumber | None = None


class TemplatePreviewIn(Schema):
    """What to try: the texts given, else those of version `number`, else of the active one.

    `example` is the code of an invoice or of whatever the template is for; without it an
    invented one.
    """

    output: Literal["html", "pdf", "text", "subject"] = "html"
    example: Annotated[str, Field(max_length=40)] = ""
    number: VersionNumber | None = None
    texts: VersionIn | None = None


class TemplatePreviewOut(Schema):
    """The document. A PDF's content is base64; `broken` says why it is the default's."""

    output: str
    content: str
    pages: int
    broken: str


class BrandingOut(Schema):
    """How the billing company looks on documents; the logo is a PNG in base64."""

    name: str
    brand_colour: str
    payment_instructions: str
    logo: str | None

    @classmethod
    def of(cls, entity: LegalEntity, logo: str | None) -> "BrandingOut":
        """Answer for the billing company."""
        return cls(
            name=entity.name,
            brand_colour=entity.brand_colour,
            payment_instructions=entity.payment_instructions,
            logo=logo,
        )


class BrandingIn(Schema):
    """The whole brand: an empty colour is the standard one, no logo takes the present one away."""

    brand_colour: Annotated[str, Field(max_length=7)]
    payment_instructions: Annotated[str, Field(max_length=2_000)]
    logo: LogoText | None
