"""Pages of contracts."""

from tenants.contracts.views.agreements import (
    adjustment_decide,
    adjustment_propose,
    contract_edit,
    contract_renew,
    contract_sign,
    contract_terminate,
)
from tenants.contracts.views.contracts import (
    contract_activate,
    contract_detail,
    contract_export,
    contract_list,
    contract_renewals,
)
from tenants.contracts.views.editor import contract_example, contract_new, contract_terms

__all__ = [
    "adjustment_decide",
    "adjustment_propose",
    "contract_activate",
    "contract_detail",
    "contract_edit",
    "contract_example",
    "contract_export",
    "contract_list",
    "contract_new",
    "contract_renew",
    "contract_renewals",
    "contract_sign",
    "contract_terminate",
    "contract_terms",
]
