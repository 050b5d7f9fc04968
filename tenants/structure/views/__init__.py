"""Settings of companies, departments and taxes."""

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
