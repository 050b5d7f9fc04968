"""What can go wrong with the books."""

from shared.kernel.errors import Conflict
from shared.kernel.wording import worded as _


class PeriodClosed(Conflict):
    """409: the books of the company are closed through a day that is not before the document's."""

    code = "period_closed"
    title = _("The books of this period are closed")


class OpenPoints(Conflict):
    """409: the month still has open points; closing it in spite of them must be confirmed."""

    code = "open_points"
    title = _("The month still has open points")


class BooksBusy(Conflict):
    """409: documents are being posted just now; nothing was closed."""

    code = "books_busy"
