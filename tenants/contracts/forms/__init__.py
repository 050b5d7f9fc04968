"""The guided editor: one form a contract type, each knowing its configuration both ways."""

from tenants.contracts.forms.contract import ContractForm, ExampleForm, TermsDateForm
from tenants.contracts.forms.details import (
    AdjustmentForm,
    DecisionForm,
    EditForm,
    RenewForm,
    SignatureForm,
    TerminateForm,
)
from tenants.contracts.forms.editor import TermsEditor

__all__ = [
    "AdjustmentForm",
    "ContractForm",
    "DecisionForm",
    "EditForm",
    "ExampleForm",
    "RenewForm",
    "SignatureForm",
    "TerminateForm",
    "TermsDateForm",
    "TermsEditor",
]
