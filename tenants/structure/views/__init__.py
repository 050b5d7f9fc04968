"""Settings of companies, departments, taxes and construction."""

from tenants.structure.views.construction import construction
from tenants.structure.views.departments import (
    department_edit,
    department_list,
    department_new,
)
from tenants.structure.views.entities import (
    legal_entities,
    legal_entity,
    legal_entity_default,
    legal_entity_new,
    organisation_logo,
)
from tenants.structure.views.taxes import taxes

__all__ = [
    "construction",
    "department_edit",
    "department_list",
    "department_new",
    "legal_entities",
    "legal_entity",
    "legal_entity_default",
    "legal_entity_new",
    "organisation_logo",
    "taxes",
]
