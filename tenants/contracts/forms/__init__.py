"""The guided editor: one form a contract type, each knowing its configuration both ways."""

from tenants.contracts.forms.contract import ContractForm, ExampleForm, TermsDateForm
from tenants.contracts.forms.editor import TermsEditor

__all__ = ["ContractForm", "ExampleForm", "TermsDateForm", "TermsEditor"]
