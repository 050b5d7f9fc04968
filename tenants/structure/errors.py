"""What can go wrong with the organisation's legal entities."""

from shared.kernel.errors import Conflict


class NoLegalEntity(Conflict):
    """409: nothing can be billed before the billing company is set up."""

    code = "no_legal_entity"
