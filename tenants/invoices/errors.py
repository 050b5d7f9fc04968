"""What can go wrong with invoices."""

from shared.kernel.errors import Conflict


class AlreadyInvoiced(Conflict):
    """409: the days are covered by a live invoice; `invoice_id` names it."""

    code = "already_invoiced"


class NotIssuable(Conflict):
    """409: the invoice's state does not allow it."""

    code = "not_issuable"


class NotCreditable(Conflict):
    """409: there is nothing to credit, or it stands on another document."""

    code = "not_creditable"


class NotVoidable(Conflict):
    """409: something has happened to the document that a void would contradict."""

    code = "not_voidable"


class NotRecalculable(Conflict):
    """409: the document is no issued invoice of a period, or a draft is in the way."""

    code = "not_recalculable"


class NothingHeld(Conflict):
    """409: no holdback is left to release."""

    code = "nothing_held"
