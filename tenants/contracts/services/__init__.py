"""What is done with contracts: making, changing, signing, renewing and ending them."""

from tenants.contracts.services.adjustments import (
    approve_adjustment,
    is_proposer,
    propose_adjustment,
    reject_adjustment,
)
from tenants.contracts.services.contracts import (
    activate_contract,
    create_contract,
    remove_contract,
    terminate_contract,
    update_contract,
)
from tenants.contracts.services.renewals import renew_contract, sweep_renewals
from tenants.contracts.services.signatures import Signer, record_signature
from tenants.contracts.services.terms import (
    TermsInput,
    amend_contract,
    change_site_terms,
    change_terms,
    check_terms,
)

__all__ = [
    "Signer",
    "TermsInput",
    "activate_contract",
    "amend_contract",
    "approve_adjustment",
    "change_site_terms",
    "change_terms",
    "check_terms",
    "create_contract",
    "is_proposer",
    "propose_adjustment",
    "record_signature",
    "reject_adjustment",
    "remove_contract",
    "renew_contract",
    "sweep_renewals",
    "terminate_contract",
    "update_contract",
]
