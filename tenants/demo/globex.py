"""Globex Parking: a parking operator with sites in several provinces."""

from decimal import Decimal

from tenants.demo.story import ContractStory, OrganisationStory, Person, SiteStory

TIERS = [
    {"up_to": 60000, "rate": "0.12"},
    {"up_to": 120000, "rate": "0.15"},
    {"up_to": None, "rate": "0.18"},
]


def _share(daily: str, configuration: dict[str, object], **options: object) -> ContractStory:
    return ContractStory(
        contract_type="revenue_share",
        configuration=configuration,
        daily_revenue=Decimal(daily),
        **options,  # type: ignore[arg-type]
    )


GLOBEX = OrganisationStory(
    name="Globex Parking",
    subdomain="globex",
    plan="enterprise",
    language="en",
    time_zone="America/Vancouver",
    entity={
        "name": "Globex Parking Ltd.",
        "street1": "1055 West Georgia Street",
        "city": "Vancouver",
        "state": "BC",
        "zip": "V6E 3P3",
        "email": "ar@globex.example",
        "phone": "+1 604 555 0177",
        "number_prefix": "GP",
        "payment_instructions": "EFT: institution 010, transit 00420, account 77-11203.",
        "brand_colour": "#0f766e",
    },
    registrations={
        "GST": "79876 5432 RT0001",
        "HST": "79876 5432 RT0001",
        "QST": "1098765432 TQ0001",
        "PST": "PST-1044-2210",
    },
    people=(
        Person("Grace Lam", "owner@globex.example", "owner"),
        Person("Tomás Rivera", "billing@globex.example", "billing_manager"),
        Person("Helen Brandt", "approver@globex.example", "approver"),
        Person("Noor Rahman", "viewer@globex.example", "viewer"),
    ),
    territories=("West Coast", "Prairies", "Ontario", "Québec", "Atlantic"),
    sites=(
        SiteStory(
            "Lakeside Parking",
            "900 Burrard Street",
            "Vancouver",
            "BC",
            "V6Z 3G5",
            "Eric Sandhu",
            "West Coast",
            (_share("4120", {"tiers": TIERS, "minimum_guarantee": "9500.00"}),),
            season="summer",
        ),
        SiteStory(
            "Granville Island lots",
            "1661 Duranleau Street",
            "Vancouver",
            "BC",
            "V6H 3S3",
            "Monica Reyes",
            "West Coast",
            (
                _share(
                    "2980",
                    {
                        "revenue_share_rate": "0.16",
                        "minimum_guarantee": "11000.00",
                        "maximum_cap": "26000.00",
                    },
                ),
            ),
            season="summer",
            habit="early",
        ),
        SiteStory(
            "Foothills Hospital",
            "1403 29 Street NW",
            "Calgary",
            "AB",
            "T2N 2T9",
            "Brent Oakley",
            "Prairies",
            (
                _share(
                    "5350",
                    {
                        "revenue_share_rate": "0.11",
                        "performance_bonus": {"threshold": "165000", "rate": "0.02"},
                    },
                ),
            ),
            habit="slow",
        ),
        SiteStory(
            "Edmonton Ice District",
            "10220 104 Avenue NW",
            "Edmonton",
            "AB",
            "T5J 0H6",
            "Dana Kosik",
            "Prairies",
            (_share("3240", {"tiers": TIERS, "tier_mode": "whole"}),),
            season="winter",
        ),
        SiteStory(
            "Regina Exchange",
            "1801 Hamilton Street",
            "Regina",
            "SK",
            "S4P 4B4",
            "Jill Moffat",
            "Prairies",
            (ContractStory(contract_type="fixed_fee", configuration={"annual_fee": "50000.00"}),),
            habit="part",
        ),
        SiteStory(
            "Pearson Valet",
            "6301 Silver Dart Drive",
            "Mississauga",
            "ON",
            "L5P 1B2",
            "Arjun Mehta",
            "Ontario",
            (
                ContractStory(
                    contract_type="hybrid",
                    configuration={
                        "components": [
                            {"contract_type": "fixed_fee", "monthly_fee": "14500.00"},
                            {"contract_type": "revenue_share", "revenue_share_rate": "0.05"},
                        ],
                        "minimum_guarantee": "22000.00",
                        "maximum_cap": "48000.00",
                        "escalation_schedule": {
                            "annual_increase": "0.03",
                            "effective_date": "2024-07-01",
                        },
                    },
                    daily_revenue=Decimal("6900"),
                ),
            ),
            season="summer",
        ),
        SiteStory(
            "Western Campus",
            "1151 Richmond Street",
            "London",
            "ON",
            "N6A 3K7",
            "Paula Jensen",
            "Ontario",
            (_share("1860", {"revenue_share_rate": "0.2", "minimum_guarantee": "6000.00"}),),
            season="terms",
            habit="late",
        ),
        SiteStory(
            "Gare centrale",
            "895, rue De La Gauchetière Ouest",
            "Montréal",
            "QC",
            "H3B 4G1",
            "Élise Fortin",
            "Québec",
            (
                ContractStory(
                    contract_type="management_agreement",
                    configuration={
                        "management_fee": {"revenue_rate": "0.04"},
                        "profit_share": {
                            "threshold": "18000",
                            "tiers": [
                                {"up_to": 20000, "rate": "0.25"},
                                {"up_to": None, "rate": "0.4"},
                            ],
                        },
                    },
                    daily_revenue=Decimal("3480"),
                    monthly_inputs={
                        "costs": [
                            {
                                "description": "Préposés",
                                "amount": "41250.00",
                                "category": "labour",
                                "payroll": True,
                            },
                            {
                                "description": "Entretien et déneigement",
                                "amount": "7310.25",
                                "category": "maintenance",
                            },
                        ]
                    },
                ),
            ),
            language="fr-ca",
        ),
        SiteStory(
            "Vieux-Québec P2",
            "43, rue De Buade",
            "Québec",
            "QC",
            "G1R 4A2",
            "Marc Pelletier",
            "Québec",
            (_share("1490", {"revenue_share_rate": "0.18"}),),
            season="summer",
            language="fr-ca",
            habit="late",
        ),
        SiteStory(
            "Halifax Waterfront",
            "1751 Lower Water Street",
            "Halifax",
            "NS",
            "B3J 1S5",
            "Fiona MacLeod",
            "Atlantic",
            (_share("1730", {"revenue_share_rate": "0.17", "minimum_guarantee": "5500.00"}),),
            season="summer",
            habit="disputes",
        ),
        SiteStory(
            "Moncton Place",
            "210 Main Street",
            "Moncton",
            "NB",
            "E1C 1B9",
            "Luc Arsenault",
            "Atlantic",
            (
                ContractStory(
                    contract_type="per_labor_hour",
                    configuration={
                        "hourly_rates": {"standard": "31.5000"},
                        "efficiency_bonus": {"budgeted_hours": "520", "savings_share": "0.35"},
                    },
                    monthly_inputs={"labor_hours": {"regular": "492", "overtime": "12"}},
                ),
            ),
        ),
    ),
)
