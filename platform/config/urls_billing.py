"""Addresses of the tenant apps: home, sites, contracts, invoices, payments, settings."""

from django.urls import URLPattern, URLResolver, path

from tenants.activity import views as activity
from tenants.contracts import views as contracts
from tenants.delivery.views import deliveries, recipients
from tenants.delivery.views import settings as delivery_settings
from tenants.disputes import views as disputes
from tenants.imports import views as imports
from tenants.invoices.views import corrections, generating, invoices, runs, validation, what_if
from tenants.invoices.views.files import invoice_download
from tenants.ledger import views as ledger
from tenants.lists import views as lists
from tenants.payments.views import files, linking, online, payments, receivables
from tenants.portal import views as portal
from tenants.reporting.views import home as cockpit
from tenants.reporting.views import reports
from tenants.reporting.views import schedules as report_schedules
from tenants.review import views as review
from tenants.schedules import views as schedules
from tenants.sites import views as sites
from tenants.statements.views import keeping as statement_keeping
from tenants.statements.views import runs as statement_runs
from tenants.statements.views import statements
from tenants.structure import views as structure
from tenants.templates import views as templates

delivery_patterns: list[URLPattern | URLResolver] = [
    path("deliveries", deliveries.delivery_list, name="delivery_list"),
    path("deliveries/<uuid:delivery_id>", deliveries.delivery_detail, name="delivery_detail"),
    path(
        "deliveries/<uuid:delivery_id>/resend", deliveries.delivery_resend, name="delivery_resend"
    ),
    path(
        "deliveries/<uuid:delivery_id>/cancel", deliveries.delivery_cancel, name="delivery_cancel"
    ),
    path("invoices/<str:invoice_id>/send", deliveries.invoice_send, name="invoice_send"),
    path(
        "invoices/<str:invoice_id>/deliveries",
        deliveries.invoice_deliveries,
        name="invoice_deliveries",
    ),
    path("customers/<str:customer_id>/delivery", recipients.recipient_list, name="recipient_list"),
    path("deliveries/resend", deliveries.deliveries_resend, name="deliveries_resend"),
    path("deliveries/stopped", delivery_settings.stopped_addresses, name="stopped_addresses"),
    path(
        "deliveries/stopped/<uuid:address_id>/allow",
        delivery_settings.address_allow,
        name="stopped_address_allow",
    ),
    path(
        "customers/<str:customer_id>/delivery/<uuid:recipient_id>",
        recipients.recipient_edit,
        name="recipient_edit",
    ),
    path(
        "customers/<str:customer_id>/delivery/<uuid:recipient_id>/remove",
        recipients.recipient_remove,
        name="recipient_remove",
    ),
    path(
        "customers/<str:customer_id>/delivery/hold",
        recipients.reminders_hold,
        name="reminders_hold",
    ),
    path(
        "customers/<str:customer_id>/delivery/resume",
        recipients.reminders_resume,
        name="reminders_resume",
    ),
    path(
        "customers/<str:customer_id>/delivery/file-drop",
        delivery_settings.file_drop,
        name="file_drop",
    ),
    path("settings/delivery", delivery_settings.mail_services, name="delivery_settings"),
    path("reminders", recipients.reminder_list, name="reminder_list"),
    path("reminders/send", recipients.reminders_send, name="reminders_send"),
    path("settings/reminders", recipients.reminder_settings, name="reminder_settings"),
]

site_patterns: list[URLPattern | URLResolver] = [
    path("sites", sites.site_list, name="site_list"),
    path("sites.csv", sites.site_export, name="site_export"),
    path("sites/new", sites.site_new, name="site_new"),
    path("sites/<str:site_id>", sites.site_detail, name="site_detail"),
    path("sites/<str:site_id>/edit", sites.site_edit, name="site_edit"),
    path("territories", sites.territory_list, name="territory_list"),
    path("territories.csv", sites.territory_export, name="territory_export"),
    path("territories/new", sites.territory_new, name="territory_new"),
    path("territories/<str:territory_id>", sites.territory_detail, name="territory_detail"),
    path("territories/<str:territory_id>/edit", sites.territory_edit, name="territory_edit"),
    path("customers", sites.customer_list, name="customer_list"),
    path("settings/tax-exemptions", sites.exemption_list, name="exemption_list"),
    path("customers/new", sites.customer_new, name="customer_new"),
    path("customers/<str:customer_id>", sites.customer_detail, name="customer_detail"),
    path("customers/<str:customer_id>/edit", sites.customer_edit, name="customer_edit"),
    path("customers/<str:customer_id>/exemptions", sites.exemption_add, name="exemption_add"),
    path(
        "customers/<str:customer_id>/exemptions/<uuid:exemption_id>/end",
        sites.exemption_end,
        name="exemption_end",
    ),
    path("sites/<str:site_id>/revenue", activity.site_revenue, name="site_revenue"),
    path(
        "sites/<str:site_id>/revenue/calendar", activity.site_calendar, name="site_revenue_calendar"
    ),
]

contract_patterns: list[URLPattern | URLResolver] = [
    path("contracts", contracts.contract_list, name="contract_list"),
    path("contracts.csv", contracts.contract_export, name="contract_export"),
    path("contracts/new", contracts.contract_new, name="contract_new"),
    path("contracts/example", contracts.contract_example, name="contract_example"),
    path("contracts/renewals", contracts.contract_renewals, name="contract_renewals"),
    path("contracts/<str:contract_id>", contracts.contract_detail, name="contract_detail"),
    path("contracts/<str:contract_id>/terms", contracts.contract_terms, name="contract_terms"),
    path(
        "contracts/<str:contract_id>/activate",
        contracts.contract_activate,
        name="contract_activate",
    ),
    path("contracts/<str:contract_id>/edit", contracts.contract_edit, name="contract_edit"),
    path("contracts/<str:contract_id>/what-if", what_if.contract_what_if, name="contract_what_if"),
    path("contracts/<str:contract_id>/renew", contracts.contract_renew, name="contract_renew"),
    path(
        "contracts/<str:contract_id>/terminate",
        contracts.contract_terminate,
        name="contract_terminate",
    ),
    path("contracts/<str:contract_id>/sign", contracts.contract_sign, name="contract_sign"),
    path(
        "contracts/<str:contract_id>/adjustments",
        contracts.adjustment_propose,
        name="adjustment_propose",
    ),
    path(
        "contracts/<str:contract_id>/adjustments/<str:adjustment_id>",
        contracts.adjustment_decide,
        name="adjustment_decide",
    ),
]

import_patterns: list[URLPattern | URLResolver] = [
    path("imports", imports.import_list, name="import_list"),
    path("imports/example/<str:kind>.csv", imports.import_example, name="import_example"),
    path("imports/<uuid:import_id>", imports.import_detail, name="import_detail"),
    path("imports/<uuid:import_id>/bad-rows.csv", imports.import_errors, name="import_errors"),
    path("imports/<uuid:import_id>/<str:decision>", imports.import_decide, name="import_decide"),
]

list_patterns: list[URLPattern | URLResolver] = [
    path("lists/<str:list_name>/views", lists.list_view_save, name="list_view_save"),
    path("lists/views/<uuid:view_id>/default", lists.list_view_default, name="list_view_default"),
    path("lists/views/<uuid:view_id>/delete", lists.list_view_delete, name="list_view_delete"),
]

invoice_patterns: list[URLPattern | URLResolver] = [
    path("invoices", invoices.invoice_list, name="invoice_list"),
    path("invoices.csv", invoices.invoice_export, name="invoice_export"),
    path("invoices/new", generating.generate, name="invoice_generate"),
    path("billing-runs", runs.billing_runs, name="billing_runs"),
    path("billing-runs/<uuid:run_id>", runs.billing_run_detail, name="billing_run_detail"),
    path("billing-runs/<uuid:run_id>/retry", runs.billing_run_retry, name="billing_run_retry"),
    path("billing-schedules", schedules.schedule_list, name="billing_schedules"),
    path("billing-schedules/new", schedules.schedule_new, name="billing_schedule_new"),
    path(
        "billing-schedules/<uuid:schedule_id>",
        schedules.schedule_detail,
        name="billing_schedule_detail",
    ),
    path(
        "billing-schedules/<uuid:schedule_id>/edit",
        schedules.schedule_edit,
        name="billing_schedule_edit",
    ),
    path(
        "billing-schedules/<uuid:schedule_id>/delete",
        schedules.schedule_delete,
        name="billing_schedule_delete",
    ),
    path("manual-review", review.review_list, name="review_list"),
    path("manual-review/<uuid:review_id>", review.review_detail, name="review_detail"),
    path("settings/invoice-checks", validation.invoice_checks, name="invoice_checks"),
    path("invoices/<str:invoice_id>", invoices.invoice_detail, name="invoice_detail"),
    path("invoices/<str:invoice_id>/view", invoices.invoice_html, name="invoice_html"),
    path("invoices/<str:invoice_id>/files/<str:variant>", invoice_download, name="invoice_file"),
    path("invoices/<str:invoice_id>/issue", invoices.issue, name="invoice_issue"),
    path("invoices/<str:invoice_id>/discard", invoices.discard, name="invoice_discard"),
    path("invoices/<str:invoice_id>/pay", invoices.pay, name="invoice_pay"),
    path("invoices/<str:invoice_id>/credit", corrections.credit, name="invoice_credit"),
    path(
        "invoices/<str:invoice_id>/recalculate", corrections.recalculate, name="invoice_recalculate"
    ),
    path("invoices/<str:invoice_id>/remake", corrections.remake, name="invoice_remake"),
    path("invoices/<str:invoice_id>/void", corrections.void, name="invoice_void"),
    path("invoices/<str:invoice_id>/approve", corrections.approve, name="invoice_approve"),
    path("invoices/<str:invoice_id>/write-off", corrections.write_off, name="invoice_write_off"),
    path(
        "invoices/<str:invoice_id>/write-offs/<uuid:write_off_id>/undo",
        corrections.undo_written_off,
        name="invoice_undo_write_off",
    ),
    path("invoices/<str:invoice_id>/refund", invoices.refund, name="invoice_refund"),
    path(
        "invoices/<str:invoice_id>/refunds/<str:refund_id>/undo",
        invoices.take_refund_back,
        name="invoice_refund_undo",
    ),
    path("invoices/<str:invoice_id>/release", corrections.release, name="invoice_release"),
    path("disputes", disputes.dispute_list, name="dispute_list"),
    path("invoices/<str:invoice_id>/dispute", disputes.raise_dispute, name="invoice_dispute"),
    path(
        "invoices/<str:invoice_id>/disputes/<str:dispute_id>/close",
        disputes.close_dispute,
        name="dispute_close",
    ),
    path("ledger", ledger.journal, name="ledger"),
    path("ledger/balance", ledger.balance, name="ledger_balance"),
    path("ledger/balance.csv", ledger.balance_export, name="ledger_balance_export"),
    path("ledger/closing", ledger.closing, name="ledger_closing"),
    path("ledger/closing/<uuid:entity_id>", ledger.company_closing, name="ledger_close"),
    path("ledger/documents/<uuid:key>", payments.ledger_document, name="ledger_document"),
    path("ledger/exchange-rates", ledger.exchange_rates, name="exchange_rates"),
    path("ledger.csv", ledger.journal_export, name="ledger_export"),
    path("payments", payments.payment_list, name="payment_list"),
    path("payments.csv", payments.payment_export, name="payment_export"),
    path("payments/new", payments.payment_new, name="payment_new"),
    path("payments/files", files.file_list, name="payment_files"),
    path("payments/files/<uuid:file_id>", files.file_detail, name="payment_file"),
    path("payments/files/<uuid:file_id>/apply", files.file_apply, name="payment_file_apply"),
    path("payments/lines/<uuid:line_id>", files.line_decide, name="payment_line"),
    path("payments/<str:payment_id>", payments.payment_detail, name="payment_detail"),
    path("payments/<str:payment_id>/apply", payments.payment_apply, name="payment_apply"),
    path("payments/<str:payment_id>/unapply", payments.payment_unapply, name="payment_unapply"),
    path(
        "payments/<str:payment_id>/refunds/<str:refund_id>/undo",
        payments.payment_refund_undo,
        name="payment_refund_undo",
    ),
    path("payments/<str:payment_id>/refund", payments.payment_refund, name="payment_refund"),
    path("payments/<str:payment_id>/reverse", payments.payment_reverse, name="payment_reverse"),
    path("settings/online-payments", online.online_settings, name="online_settings"),
    path("settings/online-payments/connect", linking.connect_stripe, name="connect_stripe"),
    path("settings/online-payments/connected", linking.stripe_arrival, name="stripe_arrival"),
    path("receivables/ageing", receivables.ageing, name="ageing"),
    path("receivables/ageing/items", receivables.ageing_items, name="ageing_items"),
    path("receivables/ageing.<str:form>", receivables.ageing_export, name="ageing_export"),
    path("receivables/expected-cash", receivables.expected_cash, name="expected_cash"),
]

portal_patterns: list[URLPattern | URLResolver] = [
    path("portal", portal.portal, name="portal"),
    path("portal/enter/<str:token>", portal.portal_enter, name="portal_enter"),
    path("portal/leave", portal.portal_leave, name="portal_leave"),
    path("portal/invoices", portal.portal_invoices, name="portal_invoices"),
    path("portal/invoices/<str:invoice_id>", portal.portal_invoice, name="portal_invoice"),
    path("portal/invoices/<str:invoice_id>/dispute", portal.portal_dispute, name="portal_dispute"),
    path("portal/invoices/<str:invoice_id>/pay", portal.portal_pay, name="portal_pay"),
    path("portal/statements", portal.portal_statements, name="portal_statements"),
    path(
        "portal/statements/<uuid:statement_id>/pdf",
        portal.portal_statement_pdf,
        name="portal_statement_pdf",
    ),
]

template_patterns: list[URLPattern | URLResolver] = [
    path("settings/templates", templates.template_list, name="template_list"),
    path("settings/templates/new", templates.template_new, name="template_new"),
    path(
        "settings/templates/<uuid:template_id>", templates.template_detail, name="template_detail"
    ),
    path(
        "settings/templates/<uuid:template_id>/preview",
        templates.template_preview,
        name="template_preview",
    ),
    path(
        "settings/templates/<uuid:template_id>/activate",
        templates.template_activate,
        name="template_activate",
    ),
    path(
        "settings/templates/<uuid:template_id>/use-default",
        templates.template_use_default,
        name="template_use_default",
    ),
]

statement_patterns: list[URLPattern | URLResolver] = [
    path("statements", statements.statement_list, name="statement_list"),
    path("statement-runs", statement_runs.statement_runs, name="statement_runs"),
    path(
        "statement-runs/<uuid:run_id>",
        statement_runs.statement_run_detail,
        name="statement_run_detail",
    ),
    path(
        "statement-runs/<uuid:run_id>/retry",
        statement_runs.statement_run_retry,
        name="statement_run_retry",
    ),
    path("statements/<uuid:statement_id>", statements.statement_detail, name="statement_detail"),
    path("statements/<uuid:statement_id>/view", statements.statement_html, name="statement_html"),
    path("statements/<uuid:statement_id>/pdf", statements.statement_pdf, name="statement_pdf"),
    path("statements/<uuid:statement_id>/text", statements.statement_text, name="statement_text"),
    path("statements/<uuid:statement_id>/send", statements.statement_send, name="statement_send"),
    path("settings/statements", statement_keeping.keeping, name="statement_keeping"),
    path("settings/statements/holds", statement_keeping.hold_place, name="legal_hold_place"),
    path(
        "settings/statements/holds/<uuid:hold_id>/release",
        statement_keeping.hold_release,
        name="legal_hold_release",
    ),
]

report_patterns: list[URLPattern | URLResolver] = [
    path("reports", reports.report_list, name="report_list"),
    path("reports/by-email", report_schedules.schedule_list, name="report_schedules"),
    path("reports/by-email/new", report_schedules.schedule_new, name="report_schedule_new"),
    path(
        "reports/by-email/<uuid:schedule_id>",
        report_schedules.schedule_detail,
        name="report_schedule_detail",
    ),
    path(
        "reports/by-email/<uuid:schedule_id>/edit",
        report_schedules.schedule_edit,
        name="report_schedule_edit",
    ),
    path(
        "reports/by-email/<uuid:schedule_id>/send",
        report_schedules.schedule_send,
        name="report_schedule_send",
    ),
    path(
        "reports/by-email/<uuid:schedule_id>/delete",
        report_schedules.schedule_delete,
        name="report_schedule_delete",
    ),
    path("reports/<slug:name>", reports.report_detail, name="report_detail"),
    path("reports/<slug:name>/export/<str:form>", reports.report_export, name="report_export"),
]

billing_patterns: list[URLPattern | URLResolver] = [
    path("", cockpit.home, name="home"),
    *report_patterns,
    *delivery_patterns,
    *site_patterns,
    *contract_patterns,
    *import_patterns,
    *list_patterns,
    *invoice_patterns,
    *statement_patterns,
    *portal_patterns,
    *template_patterns,
    path("settings/company", structure.legal_entity, name="legal_entity"),
    path("settings/companies", structure.legal_entities, name="legal_entities"),
    path("settings/companies/new", structure.legal_entity_new, name="legal_entity_new"),
    path("settings/companies/<uuid:entity_id>", structure.legal_entity, name="legal_entity_edit"),
    path(
        "settings/companies/<uuid:entity_id>/default",
        structure.legal_entity_default,
        name="legal_entity_default",
    ),
    path("settings/departments", structure.department_list, name="department_list"),
    path("settings/departments/new", structure.department_new, name="department_new"),
    path("settings/departments/<str:code>", structure.department_edit, name="department_edit"),
    path("settings/taxes", structure.taxes, name="taxes"),
    path("settings/construction", structure.construction, name="construction_rules"),
    path("brand/logo", structure.organisation_logo, name="organisation_logo"),
]
