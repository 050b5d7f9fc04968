"""What can be imported: its columns, who may, and how many rows at most."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from shared.kernel.actor import Actor
from shared.kernel.errors import Text
from tenants.imports.columns import Column
from tenants.imports.models import Import

REVENUE_COLUMNS = (
    Column(
        "site_id",
        _("Site"),
        (
            "site",
            "site code",
            "site number",
            "location",
            "location id",
            "lot",
            "code de site",
            "code du site",
            "numero de site",
            "no de site",
            "emplacement",
            "id site",
        ),
        required=True,
        example="SITE000001",
    ),
    Column(
        "day",
        _("Day"),
        (
            "date",
            "revenue date",
            "business date",
            "business day",
            "transaction date",
            "jour",
            "journee",
            "date de revenu",
            "date des revenus",
            "date des recettes",
        ),
        required=True,
        example="2026-01-31",
    ),
    Column(
        "category",
        _("Category"),
        (
            "type",
            "revenue type",
            "revenue category",
            "categorie",
            "type de revenu",
            "categorie de revenu",
        ),
        example="general",
    ),
    Column(
        "gross_amount",
        _("Revenue with sales tax"),
        (
            "gross",
            "gross revenue",
            "revenue",
            "amount",
            "total",
            "amount with tax",
            "revenu",
            "brut",
            "montant brut",
            "revenu brut",
            "montant",
            "recettes",
            "revenus",
            "montant avec taxes",
            "total avec taxes",
            "avec taxes",
            "revenu avec taxes",
        ),
        required=True,
        example="1149.75",
    ),
    Column(
        "net_amount",
        _("Net of sales tax"),
        (
            "net",
            "net revenue",
            "net of tax",
            "amount before tax",
            "before tax",
            "montant net",
            "revenu net",
            "net de taxes",
            "hors taxes",
            "avant taxes",
            "montant avant taxes",
        ),
        example="1000.00",
    ),
)


def _address(prefix: str, names: Sequence[str], *, required: bool) -> tuple[Column, ...]:
    """The columns of an address; `names` are what stands before a part in headers."""
    parts: tuple[tuple[str, Text, tuple[str, ...], bool], ...] = (
        ("street1", _("Street"), ("street", "address", "street 1", "adresse", "rue"), True),
        ("street2", _("Street, second line"), ("street 2", "address 2", "adresse 2"), False),
        ("city", _("City"), ("city", "ville"), True),
        ("state", _("Province"), ("state", "province"), True),
        ("zip", _("Postal code"), ("zip", "postal code", "code postal"), True),
        ("country", _("Country"), ("country", "pays"), False),
    )
    return tuple(
        Column(
            f"{prefix}_{name}",
            label,
            [f"{before} {word}".strip() for before in names for word in (name, *words)]
            + [f"{word} {before}" for before in names if before for word in words],
            required=required and needed,
            example=_EXAMPLE_ADDRESS[name] if required else "",
        )
        for name, label, words, needed in parts
    )


_EXAMPLE_ADDRESS = {
    "street1": "18 King Street West",
    "street2": "",
    "city": "Toronto",
    "state": "ON",
    "zip": "M5H 1A1",
    "country": "CA",
}

SITE_COLUMNS = (
    Column(
        "site_id",
        _("Site"),
        ("site code", "site number", "code de site", "numero de site"),
        is_key=True,
    ),
    Column(
        "site_name",
        _("Site name"),
        ("name", "site", "nom", "nom du site"),
        required=True,
        example="North Yard",
    ),
    Column("customer_id", _("Customer"), ("customer", "client", "no de client", "code client")),
    Column("territory_id", _("Territory"), ("territory", "territoire", "region")),
    Column("currency", _("Currency"), ("devise", "monnaie"), example="CAD"),
    *_address("billing", ("billing", "", "facturation", "de facturation"), required=True),
    Column(
        "contact_name",
        _("Billing contact"),
        (
            "contact",
            "billing contact",
            "billing contact name",
            "nom du contact",
            "contact de facturation",
        ),
        required=True,
        example="Karen Douglas",
    ),
    Column(
        "contact_email",
        _("E-mail"),
        (
            "email",
            "e mail",
            "billing email",
            "billing contact email",
            "courriel",
            "courriel du contact",
            "courriel de facturation",
        ),
        required=True,
        example="karen@example.com",
    ),
    Column(
        "contact_phone",
        _("Telephone"),
        ("phone", "telephone", "billing contact phone", "telephone du contact"),
        example="416-555-0101",
    ),
    *_address("site", ("site", "du site"), required=False),
)

CONTRACT_COLUMNS = (
    Column(
        "contract_id",
        _("Contract"),
        ("contract", "contract number", "contrat", "no de contrat"),
        is_key=True,
    ),
    Column(
        "site_id",
        _("Site"),
        (
            "site",
            "site code",
            "site name",
            "code de site",
            "numero de site",
            "no de site",
            "nom du site",
        ),
        required=True,
        example="SITE000001",
    ),
    Column(
        "contract_type",
        _("Type"),
        ("type", "type de contrat"),
        required=True,
        example="revenue_share",
    ),
    Column(
        "billing_frequency",
        _("Billing frequency"),
        ("frequency", "frequence", "frequence de facturation"),
        example="monthly",
    ),
    Column(
        "effective_date",
        _("In force from"),
        (
            "start",
            "start date",
            "effective",
            "date de debut",
            "debut",
            "en vigueur le",
            "date d entree en vigueur",
        ),
        required=True,
        example="2026-01-01",
    ),
    Column("end_date", _("Last day"), ("end", "date de fin", "fin")),
    Column("currency", _("Currency"), ("devise", "monnaie"), example="CAD"),
    Column(
        "payment_terms_days",
        _("Payment terms, days"),
        ("payment terms", "terms", "delai de paiement", "jours de paiement"),
        example="30",
    ),
    Column("monthly_fee", _("Monthly fee"), ("fee", "frais mensuels")),
    Column("annual_fee", _("Annual fee"), ("frais annuels",)),
    Column(
        "revenue_share_rate",
        _("Share of revenue"),
        ("revenue share", "share", "rate", "part", "taux de partage", "part des revenus"),
        example="0.15",
    ),
    Column("minimum_guarantee", _("Guarantee"), ("guarantee", "minimum", "garantie minimale")),
    Column("maximum_cap", _("Cap"), ("cap", "maximum", "plafond")),
    Column("standard_rate", _("Rate per hour"), ("hourly rate", "taux horaire")),
    Column(
        "annual_increase",
        _("Annual increase"),
        ("escalation", "escalation rate", "indexation", "augmentation annuelle"),
    ),
    Column(
        "billing_configuration",
        _("Billing configuration (JSON)"),
        ("configuration", "configuration de facturation"),
    ),
    Column("activate", _("Activate"), ("active", "activer", "actif")),
)


@dataclass(frozen=True)
class KindOfImport:
    """One kind: `area` names the permissions to see and to bring in."""

    columns: Sequence[Column]
    area: str
    rows_max: int

    def may_read(self, actor: Actor) -> bool:
        """Whether the actor may see such imports."""
        return actor.may(self.read_permission)

    @property
    def read_permission(self) -> str:
        """To see it."""
        return f"{self.area}.read"

    @property
    def write_permission(self) -> str:
        """To bring it in, apply and undo it."""
        return f"{self.area}.write"


KINDS = {
    Import.Kind.REVENUE: KindOfImport(REVENUE_COLUMNS, "activity", 1_500_000),
    Import.Kind.SITES: KindOfImport(SITE_COLUMNS, "sites", 20_000),
    Import.Kind.CONTRACTS: KindOfImport(CONTRACT_COLUMNS, "contracts", 20_000),
}


def kind_of(job: Import) -> KindOfImport:
    """The kind of an import."""
    return KINDS[Import.Kind(job.kind)]
