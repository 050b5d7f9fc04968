"""Acme Electric: an electrical contractor in Ontario and Quebec."""

from tenants.demo.story import ContractStory, OrganisationStory, Person, SiteStory


def _people(domain: str) -> tuple[Person, ...]:
    return (
        Person("Nadia Osei", f"owner@{domain}", "owner"),
        Person("Martin Chen", f"admin@{domain}", "tenant_admin"),
        Person("Louise Roy", f"billing@{domain}", "billing_manager"),
        Person("Derek Walsh", f"approver@{domain}", "approver"),
        Person("Amélie Gagnon", f"department@{domain}", "department_manager"),
        Person("Sam Kowalski", f"contractor@{domain}", "contractor"),
        Person("Priya Nair", f"viewer@{domain}", "viewer"),
        Person("Hôpital Saint-Luc", f"customer@{domain}", "customer"),
    )


def _labour(
    standard: str,
    regular: str,
    overtime: str,
    materials: str = "Materials, at cost plus 8%",
    **options: object,
) -> ContractStory:
    configuration = {
        "hourly_rates": {"standard": standard, "overtime_multiplier": "1.5"},
        "job_rates": [
            {"job_code": "ELEC1", "regular": standard},
            {"job_code": "APPR2", "regular": "54.0000"},
        ],
    }
    inputs = {
        "labor": [
            {"job_code": "ELEC1", "regular": regular, "overtime": overtime},
            {"job_code": "APPR2", "regular": regular},
        ],
        "additional_charges": [{"description": materials, "amount": "1240.00"}],
    }
    return ContractStory(
        contract_type="per_labor_hour",
        configuration=configuration,
        monthly_inputs=inputs,
        **options,  # type: ignore[arg-type]
    )


def _fee(monthly: str, **options: object) -> ContractStory:
    return ContractStory(
        contract_type="fixed_fee",
        configuration={"monthly_fee": monthly},
        **options,  # type: ignore[arg-type]
    )


ACME = OrganisationStory(
    name="Acme Electric",
    subdomain="acme",
    plan="professional",
    language="en",
    time_zone="America/Toronto",
    entity={
        "name": "Acme Electric Inc.",
        "street1": "480 Carlaw Avenue",
        "city": "Toronto",
        "state": "ON",
        "zip": "M4K 3J1",
        "email": "billing@acme.example",
        "phone": "+1 416 555 0142",
        "number_prefix": "AE",
        "payment_instructions": "EFT/TEF: institution 003, transit 01234, no. 100-234-5.",
        "brand_colour": "#0b5cad",
    },
    registrations={
        "GST": "81234 5678 RT0001",
        "HST": "81234 5678 RT0001",
        "QST": "1023456789 TQ0001",
    },
    people=_people("acme.example"),
    territories=("Greater Toronto", "Eastern Ontario", "Montréal"),
    sites=(
        SiteStory(
            "North Yard retrofit",
            "18 King Street West",
            "Toronto",
            "ON",
            "M5H 1A1",
            "Karen Douglas",
            "Greater Toronto",
            (_labour("96.5000", "212", "18", construction=True),),
            habit="on_time",
            season="building",
        ),
        SiteStory(
            "Lakeside Tower",
            "225 Queens Quay West",
            "Toronto",
            "ON",
            "M5J 1B5",
            "Omar Haddad",
            "Greater Toronto",
            (_fee("8400.00"), _labour("92.0000", "74", "6", starts_months_ago=9)),
            habit="late",
        ),
        SiteStory(
            "Hôpital Saint-Luc",
            "1051, rue Sanguinet",
            "Montréal",
            "QC",
            "H2X 3E4",
            "Marie-Claude Tremblay",
            "Montréal",
            (_labour("89.7500", "320", "34", "Matériaux, au coût plus 8\u00a0%"),),
            habit="slow",
            language="fr-ca",
            season="flat",
        ),
        SiteStory(
            "Centre Bell annexe",
            "1909, avenue des Canadiens",
            "Montréal",
            "QC",
            "H4B 5G0",
            "Julien Lavoie",
            "Montréal",
            (_fee("5150.00", new_terms=(5, {"monthly_fee": "5410.00"})),),
            language="fr-ca",
            season="winter",
        ),
        SiteStory(
            "Kingston Data Hall",
            "797 Princess Street",
            "Kingston",
            "ON",
            "K7L 1G1",
            "Wendy Marsh",
            "Eastern Ontario",
            (
                ContractStory(
                    contract_type="management_agreement",
                    configuration={
                        "management_fee": {"monthly_fee": "3600.00"},
                        "cost_markup_rate": "0.07",
                        "insurance": {"basis": "payroll", "rate": "0.0575"},
                    },
                    monthly_inputs={
                        "costs": [
                            {
                                "description": "Electricians on site",
                                "amount": "21480.00",
                                "category": "labour",
                                "payroll": True,
                            },
                            {
                                "description": "Switchgear and cable",
                                "amount": "6120.40",
                                "category": "materials",
                            },
                        ]
                    },
                ),
            ),
            habit="early",
        ),
        SiteStory(
            "Rideau Mall lighting",
            "50 Rideau Street",
            "Ottawa",
            "ON",
            "K1N 9J7",
            "Philip Zhang",
            "Eastern Ontario",
            (_fee("2890.00", frequency="quarterly"),),
            habit="part",
        ),
        SiteStory(
            "Laval Transit depot",
            "2250, avenue Francis-Hughes",
            "Laval",
            "QC",
            "H7S 2C3",
            "Sophie Bélanger",
            "Montréal",
            (
                ContractStory(
                    contract_type="hybrid",
                    configuration={
                        "components": [
                            {"contract_type": "fixed_fee", "monthly_fee": "2200.00"},
                            {
                                "contract_type": "per_labor_hour",
                                "hourly_rates": {"standard": "87.2500"},
                            },
                        ],
                        "minimum_guarantee": "9000.00",
                        "escalation_schedule": {
                            "annual_increase": "0.025",
                            "effective_date": "2025-01-01",
                        },
                    },
                    monthly_inputs={"labor_hours": {"regular": "88", "overtime": "7.5"}},
                ),
            ),
            habit="late",
            language="fr-ca",
            season="building",
        ),
        SiteStory(
            "Scarborough Works yard",
            "1076 Ellesmere Road",
            "Toronto",
            "ON",
            "M1P 4P4",
            "Ian Fraser",
            "Greater Toronto",
            (_labour("94.0000", "61", "0", ended_months_ago=4),),
            season="building",
        ),
        SiteStory(
            "Harbour Front Phase 2",
            "10 Yonge Street",
            "Toronto",
            "ON",
            "M5E 1R4",
            "Leila Ahmadi",
            "Greater Toronto",
            (_fee("6750.00", draft=True),),
        ),
    ),
)
