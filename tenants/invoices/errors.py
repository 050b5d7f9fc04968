"""What can go wrong with invoices."""

from shared.kernel.errors import Conflict


class AlreadyInvoiced(Conflict):
    """409: the days are covered by a live invoice; `invoice_id` names it."""

    code = "already_invoiced"


class NotIssuable(Conflict):
    """409: the invoice's state does not allow it."""

    code = "not_issuable"
