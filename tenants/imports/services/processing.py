"""Going on with an import where it stands; safe to run twice and at once."""

import logging
from collections.abc import Callable
from uuid import UUID

from django.db import OperationalError

from shared.kernel.wording import worded as _
from tenants.imports.errors import Unreadable
from tenants.imports.models import Import
from tenants.imports.services.applying_records import apply_records, undo_records
from tenants.imports.services.applying_revenue import apply_revenue, undo_revenue
from tenants.imports.services.checking_records import check_records
from tenants.imports.services.checking_revenue import check_revenue
from tenants.imports.services.holding import ATTEMPTS_MAX, Hold, Lost

logger = logging.getLogger(__name__)

Step = Callable[[Hold], bool]
_REVENUE: dict[str, Step] = {
    Import.Status.CHECKING: check_revenue,
    Import.Status.APPLYING: apply_revenue,
    Import.Status.UNDOING: undo_revenue,
}
_RECORDS: dict[str, Step] = {
    Import.Status.CHECKING: check_records,
    Import.Status.APPLYING: apply_records,
    Import.Status.UNDOING: undo_records,
}


def process_import(*, import_id: UUID) -> bool:
    """Check, apply or undo, as far as one task goes; whether something is left to do.

    A failure of ours is tried again a little later, up to five times; a file that cannot be
    read fails at once with the reason.
    """
    hold = Hold.take(import_id)
    if hold is None:
        return False
    steps = _REVENUE if hold.job.kind == Import.Kind.REVENUE else _RECORDS
    if hold.job.attempts > ATTEMPTS_MAX:
        hold.fail(_("Its worker was interrupted each time."))
        return False
    try:
        finished = steps[hold.status](hold)
    except Lost:
        return False
    except Unreadable as error:
        hold.fail(error.reason)
        return False
    except OperationalError:
        raise  # the database is gone or wants a retry: the file is not to blame
    except Exception as error:
        logger.exception("import.failed", extra={"import_id": str(import_id)})
        hold.pause(error)
        return False
    if not finished:
        hold.give_back()
    return not finished
