"""Words for what programs call by a code: events and the processes of the sync log."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from shared.kernel.errors import Text
from tenants.connections.work.logs import DAILY, PROCESSES, WEEKLY

PROCESS_LABELS: Mapping[str, Text] = {
    DAILY: _("Nightly comparison"),
    WEEKLY: _("Performance of the week"),
    PROCESSES["site"]: _("Change of a site"),
    PROCESSES["contract"]: _("Change of a contract"),
    PROCESSES["invoice"]: _("Change of an invoice"),
    PROCESSES["payment"]: _("Change of a payment"),
    PROCESSES["sync"]: _("Decision about a conflict"),
}
# An event that is not named here is shown by its code.
EVENT_LABELS: Mapping[str, Text] = {
    "site.created": _("Site made"),
    "site.changed": _("Site changed"),
    "site.removed": _("Site removed"),
    "customer.changed": _("Customer changed"),
    "contract.created": _("Contract made"),
    "contract.activated": _("Contract activated"),
    "contract.changed": _("Contract changed"),
    "contract.renewal_due": _("Renewal of a contract due"),
    "contract.renewed": _("Contract renewed"),
    "contract.terminated": _("Contract terminated"),
    "contract.removed": _("Contract removed"),
    "invoice.issued": _("Invoice issued"),
    "invoice.voided": _("Invoice made void"),
    "payment.recorded": _("Payment received"),
    "payment.applied": _("Payment applied"),
    "payment.refunded": _("Payment refunded"),
    "payment.refund_undone": _("Refund taken back"),
    "payment.reversed": _("Payment reversed"),
    "document.rendered": _("Document made"),
    "statement.generated": _("Statement made"),
    "delivery.sent": _("Document sent"),
    "delivery.delivered": _("Document arrived"),
    "delivery.failed": _("Document did not arrive"),
    "statement_run.finished": _("Statement run finished"),
    "sync.conflict_found": _("Conflict found"),
    "sync.conflict_resolved": _("Conflict decided"),
    "sync.failed": _("Change not sent"),
    "quality.alert_raised": _("Data quality below its threshold"),
    "quality.alert_cleared": _("Data quality good again"),
    "test.ping": _("Test"),
}
