"""The right that each operation with a body takes: told before what is wrong with the body.

The services ask for it; it is repeated here because the body is read first, and what is said of
it is only for those who may use the operation. A valid request is never refused by this table.
tests/architecture/test_api_rights.py finds what is missing here. Several rights are all needed.
"""

from collections.abc import Mapping

_OPERATIONS: Mapping[str, str] = {
    "activity.write": "record_revenue",
    "api_clients.write": "create_api_key",
    "connections.resolve": ("sync_performance dismiss_task resolve_conflicts resolve_conflict"),
    "connections.write": (
        "create_webhook update_webhook rotate_secret create_connection update_connection "
        "update_settings"
    ),
    "contracts.activate": "renew_contract sign_contract",
    "contracts.approve": "approve_adjustment reject_adjustment",
    "contracts.read": "preview_terms",
    "contracts.write": (
        "put_billing_config create_contract update_contract terminate_contract amend_contract "
        "propose_adjustment"
    ),
    "delivery.write": (
        "resend_failed send_invoice add_recipient change_recipient put_file_drop hold"
    ),
    "invoices.dispute": "raise_dispute resolve_dispute withdraw_dispute",
    "invoices.generate": (
        "generate_invoice recalculate_invoice remake_draft release_holdback start_billing_run "
        "preview_billing_run create_schedule put_schedule"
    ),
    "invoices.void": "credit_invoice void_invoice",
    "ledger.close": "close_company_books",
    "ledger.reopen": "reopen_company_books",
    "ledger.write": "record_exchange_rate",
    "organisation.write": (
        "create_entity update_entity create_department update_department add_tax_rule end_tax_rule "
        "add_tax_exclusion add_construction_rule end_construction_rule put_validation_settings "
        "put_branding put_levels set_mail_service"
    ),
    "organisations.write": "suspend",
    "payments.refund": "refund_credit_note refund_payment undo_refund reverse_payment",
    "payments.write": (
        "put_payment_status record_payment import_payments assign_payment_file_line "
        "apply_credit_note apply_payment unapply_payment"
    ),
    "payments.write_off": "write_off",
    "people.write": "invite_person change_person",
    "reports.read delivery.write": "create_report_schedule put_report_schedule",
    "sites.write": (
        "create_site update_site create_territory update_territory create_customer "
        "update_customer add_exemption end_exemption create_contact update_contact"
    ),
    "statements.generate": "generate_statements",
    "statements.send": "send_statement",
    "templates.read": "preview_template",
    "templates.write": "create_template save_version activate_version roll_back",
}
RIGHTS: Mapping[str, str] = {
    operation: right for right, names in _OPERATIONS.items() for operation in names.split()
}
