"""The roles a person can have in an organisation."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

from shared.kernel.errors import Text


class Role(models.TextChoices):
    """From most to least; what each may do is in `permissions.py`."""

    OWNER = "owner", _("Owner")
    TENANT_ADMIN = "tenant_admin", _("Administrator")
    BILLING_MANAGER = "billing_manager", _("Billing manager")
    APPROVER = "approver", _("Approver")
    DEPARTMENT_MANAGER = "department_manager", _("Department manager")
    CONTRACTOR = "contractor", _("Contractor")
    VIEWER = "viewer", _("Viewer")
    CUSTOMER = "customer", _("Customer")


DESCRIPTIONS: Mapping[Role, Text] = {
    Role.OWNER: _("Everything, including other owners and closing the organisation."),
    Role.TENANT_ADMIN: _("Everything except owners and closing the organisation."),
    Role.BILLING_MANAGER: _("Sites, contracts, revenue, invoices and payments."),
    Role.APPROVER: _("Sees the books and approves invoices."),
    Role.DEPARTMENT_MANAGER: _("Sees the books and approves invoices of the department."),
    Role.CONTRACTOR: _("Only their own work, time and pay."),
    Role.VIEWER: _("Sees everything, changes nothing."),
    Role.CUSTOMER: _("Only their own invoices and statements."),
}
