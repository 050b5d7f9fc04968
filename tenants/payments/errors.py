"""What can go wrong with payments."""

from shared.kernel.errors import Conflict


class TransactionUsed(Conflict):
    """409: the transaction number belongs to another payment."""

    code = "transaction_used"


class NotPayable(Conflict):
    """409: the invoice is not issued, or void."""

    code = "not_payable"


class NotReversible(Conflict):
    """409: the payment is reversed already, or part of it was given back."""

    code = "not_reversible"
