"""Changing legal entities, departments, the organisation's own taxes and construction rules."""

from tenants.structure.services.construction import (
    JURISDICTIONS,
    add_construction_rule,
    end_construction_rule,
    remove_construction_rule,
)
from tenants.structure.services.departments import create_department, update_department
from tenants.structure.services.entities import (
    EDITABLE,
    Logo,
    create_default_entity,
    create_legal_entity,
    make_default_entity,
    update_legal_entity,
)
from tenants.structure.services.taxes import (
    add_tax_exclusion,
    add_tax_rule,
    end_tax_rule,
    remove_tax_exclusion,
    remove_tax_rule,
)

__all__ = [
    "EDITABLE",
    "JURISDICTIONS",
    "Logo",
    "add_construction_rule",
    "add_tax_exclusion",
    "add_tax_rule",
    "create_default_entity",
    "create_department",
    "create_legal_entity",
    "end_construction_rule",
    "end_tax_rule",
    "make_default_entity",
    "remove_construction_rule",
    "remove_tax_exclusion",
    "remove_tax_rule",
    "update_department",
    "update_legal_entity",
]
