"""The two APIs: of a tenant's host, and of the bare domain. Wiring only.

Add a router by one line: `tenant_api.add_router("", "tenants.sites.api.router")`; its paths are
those of `api.md` after `/api/v1`.
"""

from config.api_rights import RIGHTS
from shared.kernel.api import make_api

tenant_api = make_api(
    title="InvoicePatch",
    description=(
        "Contract billing: sites, contracts, activity, invoices and payments of one "
        "organisation, at its own host. Amounts are exact JSON numbers, dates are YYYY-MM-DD, "
        "instants RFC 3339. Failures are RFC 9457 problems."
    ),
    namespace="api",
    rights=RIGHTS,
)
tenant_api.add_router("", "shared.accounts.api.me_router")
tenant_api.add_router("", "shared.accounts.api.router")
tenant_api.add_router("/oauth", "shared.accounts.api.oauth_router")
tenant_api.add_router("", "shared.audit.api.router")
tenant_api.add_router("/customer-sites", "tenants.sites.api.sites_router")
tenant_api.add_router("/customer-sites", "tenants.contracts.api.site_billing_router")
tenant_api.add_router("/territories", "tenants.sites.api.territories_router")
tenant_api.add_router("/customers", "tenants.sites.api.customers_router")
tenant_api.add_router("/contacts", "tenants.sites.api.contacts_router")
tenant_api.add_router("/tax-exemptions", "tenants.sites.api.exemptions_router")
tenant_api.add_router("/legal-entities", "tenants.structure.api.entities_router")
tenant_api.add_router("/departments", "tenants.structure.api.departments_router")
tenant_api.add_router("", "tenants.structure.api.taxes_router")
tenant_api.add_router("", "tenants.structure.api.construction_router")
tenant_api.add_router("/contracts", "tenants.contracts.api.contracts_router")
tenant_api.add_router("/contracts", "tenants.contracts.api.agreements_router")
tenant_api.add_router("/contracts", "tenants.invoices.api.what_if.preview_router")
tenant_api.add_router("/revenue-records", "tenants.activity.api.revenue_router")
tenant_api.add_router("/customer-sites", "tenants.activity.api.calendar_router")
tenant_api.add_router("/imports", "tenants.imports.api.router")
tenant_api.add_router("/billing", "tenants.invoices.api.invoices.billing_router")
tenant_api.add_router("/billing", "tenants.invoices.api.corrections.corrections_router")
tenant_api.add_router("/billing", "tenants.disputes.api.router")
tenant_api.add_router("/ledger", "tenants.ledger.api.router")
tenant_api.add_router("/exchange-rates", "tenants.ledger.api.rates_router")
tenant_api.add_router("/billing", "tenants.invoices.api.runs.runs_router")
tenant_api.add_router("/billing", "tenants.invoices.api.metrics.metrics_router")
tenant_api.add_router("/billing", "tenants.reporting.api.trail_router")
tenant_api.add_router("/reports/schedules", "tenants.reporting.api.schedules_router")
tenant_api.add_router("/reports", "tenants.reporting.api.reports_router")
tenant_api.add_router("/billing/schedules", "tenants.schedules.api.schedules_router")
tenant_api.add_router("/billing/manual-review", "tenants.review.api.review_router")
tenant_api.add_router("/billing", "tenants.invoices.api.documents.documents_router")
tenant_api.add_router("/templates", "tenants.templates.api.templates_router")
tenant_api.add_router("/branding", "tenants.templates.api.branding_router")
tenant_api.add_router("/webhooks", "tenants.connections.api.webhooks.router")
tenant_api.add_router("/connections", "tenants.connections.api.sync.connections_router")
tenant_api.add_router("/sync", "tenants.connections.api.sync.sync_router")
tenant_api.add_router("/data-quality", "tenants.connections.api.quality.router")
tenant_api.add_router("/statements", "tenants.statements.api.router")
tenant_api.add_router("/deliveries", "tenants.delivery.api.deliveries.deliveries_router")
tenant_api.add_router("/billing", "tenants.delivery.api.deliveries.invoice_router")
tenant_api.add_router("/customers", "tenants.delivery.api.recipients.recipients_router")
tenant_api.add_router("/reminders", "tenants.delivery.api.reminders.reminders_router")
tenant_api.add_router("/delivery", "tenants.delivery.api.mail.mail_router")
tenant_api.add_router("/payments", "tenants.payments.api.payments_router")
tenant_api.add_router("/receivables", "tenants.payments.api.receivables_router")

platform_api = make_api(
    title="InvoicePatch platform",
    description="Sign-up and plans for everybody; organisations and their usage for staff.",
    namespace="platform-api",
    rights=RIGHTS,
)
platform_api.add_router("", "shared.accounts.api.me_router")
platform_api.add_router("/oauth", "shared.accounts.api.oauth_router")
platform_api.add_router("", "shared.organisations.api.router")
platform_api.add_router("", "shared.subscriptions.api.router")
platform_api.add_router("", "tenants.payments.api.platform_router")
