"""Every page asks for its right first: before it names anything, draws a form or reads one.

Each page is asked for, with ids that nobody has, by somebody who holds every right but the one
it needs. So 403 is the only answer that shows that the right came first: a form's problems would
be 422, a look-up 404, the page 200. A new page is added to the tables below.
"""

from collections.abc import Iterator, Mapping
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from support.routes import tenant_routes

from shared.accounts import actors
from shared.accounts.permissions import MATRIX, PERMISSIONS
from shared.accounts.roles import Role
from shared.accounts.services.credentials import Grant, create_api_key
from shared.accounts.services.people import add_person
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import organisation_context
from shared.organisations.models import Organisation
from tenants.review.kinds import kinds

pytestmark = pytest.mark.django_db

SOME_KIND_OF_IMPORT = "activity.{0} sites.{0} contracts.{0}"
SOME_KIND_OF_REVIEW = " ".join(sorted({kind.permission for kind in kinds()}))
# By the right that looking takes; of several rights separated by a space, one is enough.
SEEN_WITH: Mapping[str, str] = {
    "activity.read": "site_revenue site_revenue_calendar",
    "api_clients.read": "api_access",
    "api_clients.write": "create_api_client create_api_key",
    "audit.read": "audit audit_entry",
    "audit.export": "audit_export",
    "connections.read": (
        "webhook_list webhook_detail webhook_delivery sync_status sync_progress sync_logs "
        "weekly_performance weekly_sites conflict_list sync_conflict data_quality quality_records"
    ),
    "connections.write": (
        "webhook_new webhook_edit connection_new connection_edit quality_settings"
    ),
    "contracts.read": "contract_list contract_export contract_renewals contract_detail",
    "contracts.write": "contract_new contract_terms contract_edit",
    "contracts.approve": "adjustment_decide",
    "delivery.read": (
        "delivery_list delivery_detail invoice_deliveries recipient_list file_drop "
        "reminder_list reminder_settings stopped_addresses"
    ),
    "delivery.write": "recipient_edit report_schedule_new report_schedule_edit",
    "invoices.read": (
        "invoice_list invoice_export invoice_detail invoice_html invoice_file "
        "billing_run_detail dispute_list billing_schedules billing_schedule_detail contract_what_if"
    ),
    "invoices.generate": (
        "invoice_generate billing_runs billing_schedule_new billing_schedule_edit"
    ),
    "invoices.void": "invoice_credit",
    "ledger.read": (
        "ledger ledger_export ledger_balance ledger_balance_export ledger_document exchange_rates "
        "ledger_closing ledger_close"
    ),
    "organisation.read": (
        "construction_rules invoice_checks statement_keeping online_settings legal_entity "
        "legal_entities legal_entity_edit department_list taxes roles"
    ),
    "organisation.write": (
        "connect_stripe stripe_arrival delivery_settings legal_entity_new department_new "
        "department_edit organisation_address"
    ),
    "organisation.delete": "delete_organisation",
    "payments.read": (
        "payment_list payment_export payment_detail payment_files payment_file ageing "
        "ageing_items ageing_export expected_cash"
    ),
    "payments.write": "payment_new",
    "people.read": "people edit_person",
    "people.write": "invite_person",
    "reports.read": (
        "report_list report_detail report_export report_schedules report_schedule_detail"
    ),
    "sites.read": (
        "site_list site_export site_detail customer_list customer_detail exemption_list "
        "territory_list territory_export territory_detail"
    ),
    "sites.write": ("site_new site_edit customer_new customer_edit territory_new territory_edit"),
    "statements.read": (
        "statement_list statement_run_detail statement_detail statement_html statement_pdf "
        "statement_text"
    ),
    "statements.generate": "statement_runs",
    "templates.read": "template_list template_detail",
    "templates.write": "template_new",
    SOME_KIND_OF_IMPORT.format("read"): "import_list import_detail import_errors",
    SOME_KIND_OF_IMPORT.format("write"): "import_example",
    SOME_KIND_OF_REVIEW: "review_list review_detail",
}
# By the right that sending takes.
SENT_WITH: Mapping[str, str] = {
    "activity.write": "site_revenue",
    "api_clients.write": ("create_api_client create_api_key revoke_api_client revoke_api_key"),
    "connections.resolve": (
        "sync_reconcile weekly_start task_retry conflicts_resolve sync_conflict quality_measure "
        "webhook_replay webhook_replay_failed"
    ),
    "connections.write": (
        "webhook_new webhook_edit webhook_state webhook_rotate webhook_test webhook_delete "
        "connection_new connection_edit connection_check connection_state connection_delete "
        "quality_settings"
    ),
    "contracts.read": "contract_example",
    "contracts.write": (
        "contract_new contract_terms contract_edit contract_terminate adjustment_propose"
    ),
    "contracts.activate": "contract_activate contract_renew contract_sign",
    "contracts.approve": "adjustment_decide",
    "delivery.write": (
        "delivery_resend delivery_cancel invoice_send recipient_list recipient_edit "
        "deliveries_resend "
        "recipient_remove reminders_hold reminders_resume reminders_send file_drop "
        "stopped_address_allow report_schedule_new report_schedule_edit report_schedule_send "
        "report_schedule_delete"
    ),
    "invoices.approve": "invoice_approve",
    "invoices.dispute": "invoice_dispute dispute_close",
    "invoices.generate": (
        "invoice_generate invoice_discard invoice_recalculate invoice_remake invoice_release "
        "billing_runs billing_run_retry billing_schedule_new billing_schedule_edit "
        "billing_schedule_delete"
    ),
    "invoices.issue": "invoice_issue",
    "invoices.read": "contract_what_if list_view_save",
    "invoices.void": "invoice_credit invoice_void",
    "ledger.write": "exchange_rates",
    "ledger.close": "ledger_close",
    "organisation.write": (
        "construction_rules invoice_checks statement_keeping legal_hold_place legal_hold_release "
        "online_settings delivery_settings reminder_settings legal_entity legal_entity_edit "
        "legal_entity_new "
        "legal_entity_default department_new department_edit taxes organisation_address"
    ),
    "organisation.delete": "delete_organisation",
    "payments.write": (
        "invoice_pay payment_new payment_files payment_file_apply payment_line payment_apply "
        "payment_unapply"
    ),
    "payments.refund": (
        "payment_refund payment_refund_undo payment_reverse invoice_refund invoice_refund_undo"
    ),
    "payments.write_off": "invoice_write_off invoice_undo_write_off",
    "people.write": (
        "invite_person resend_invitation revoke_invitation edit_person deactivate_person "
        "reactivate_person"
    ),
    "sites.write": (
        "site_new site_edit customer_new customer_edit exemption_add exemption_end "
        "territory_new territory_edit"
    ),
    "statements.generate": "statement_runs statement_run_retry",
    "statements.send": "statement_send",
    "templates.read": "template_preview",
    "templates.write": ("template_new template_detail template_activate template_use_default"),
    SOME_KIND_OF_IMPORT.format("write"): "import_list import_decide",
    SOME_KIND_OF_REVIEW: "review_detail",
}
# Everybody's own, once signed in.
OWN_SEEN = ("home", "my_account", "security", "settings")
OWN_SENT = ("end_session", "end_other_sessions", "list_view_default", "list_view_delete")
# Ways in, files of the frame, and a customer's own pages behind a link.
OPEN = (
    "brand_stylesheet",
    "organisation_logo",
    "styleguide",
    "mail_",
    "portal",
    "signed_document",
    "delivered_document",
    "first_sign_in",
    "accept_invitation",
    "set_language",
    "account_",
    "mfa_",
    "usersessions_",
)
NOBODYS = {"UUIDConverter": uuid4(), "IntConverter": 987654321}
VALUES = {
    "decision": "apply",
    "form": "csv",
    "kind": "sites",
    "list_name": "invoices",
    "variant": "ubl",
    "week": "2026-11-16",
}


def pages(patterns: object = None) -> Iterator[tuple[str, URLPattern]]:
    """Every named page of a tenant's host with its pattern."""
    found = patterns or get_resolver("config.urls_tenant").url_patterns
    for pattern in found:  # type: ignore[attr-defined]
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "ninja" and not str(pattern.pattern).startswith("api/"):
                yield from pages(pattern.url_patterns)
        elif pattern.name and not str(pattern.pattern).startswith("api/"):
            yield pattern.name, pattern


def address_of(name: str) -> str:
    """The page's address with ids that nobody has."""
    converters = dict(pages())[name].pattern.converters
    values = {
        one: NOBODYS.get(type(converter).__name__) or VALUES.get(one, "X9")
        for one, converter in converters.items()
    }
    return reverse(name, urlconf="config.urls_tenant", kwargs=values)


def browser_of(organisation: Organisation, monkeypatch: pytest.MonkeyPatch, lacks: str) -> Client:
    """Somebody signed in who holds every right but these."""
    granted = frozenset(PERMISSIONS) - set(lacks.split())
    monkeypatch.setattr(actors, "permissions_of_role", lambda _role: granted)
    client = Client(HTTP_HOST=organisation.host)
    with organisation_context(organisation):
        user = add_person(actor=SYSTEM, email="one@acme.example", name="One", role="owner")
        client.force_login(user)
    return client


def test_every_page_is_in_the_tables() -> None:
    tables = (*SEEN_WITH.values(), *SENT_WITH.values())
    named = {name for names in tables for name in names.split()}
    found = {name for name, _pattern in pages() if not name.startswith(OPEN)}
    assert found == named | {*OWN_SEEN, *OWN_SENT}


@pytest.mark.parametrize("right", sorted({*SEEN_WITH, *SENT_WITH}))
def test_a_page_asks_for_its_right_before_anything_else(
    right: str, acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of(acme, monkeypatch, right)
    answers = {
        f"GET {name}": browser.get(address_of(name)).status_code
        for name in SEEN_WITH.get(right, "").split()
    } | {
        f"POST {name}": browser.post(address_of(name)).status_code
        for name in SENT_WITH.get(right, "").split()
    }
    assert {asked: status for asked, status in answers.items() if status != 403} == {}


def test_whoever_holds_the_right_is_not_refused(
    acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables name the right that decides: with all of them nothing answers 403."""
    browser = browser_of(acme, monkeypatch, "")
    for names in SEEN_WITH.values():
        for name in names.split():
            assert browser.get(address_of(name)).status_code != 403, name


def test_roles_without_a_right_are_refused(acme: Organisation) -> None:
    """The same by roles, as they are: a contractor sees nothing, a viewer sends nothing."""
    for role in (Role.CONTRACTOR, Role.VIEWER):
        client = Client(HTTP_HOST=acme.host)
        with organisation_context(acme):
            email = f"{role.value}@acme.example"
            user = add_person(actor=SYSTEM, email=email, name="One", role=role.value)
            client.force_login(user)
        for right, names in SENT_WITH.items():
            if MATRIX[role].isdisjoint(right.split()):
                name = names.split()[0]
                assert client.post(address_of(name)).status_code == 403, (role, name)


def test_nobody_is_sent_to_sign_in(acme: Organisation) -> None:
    nobody = Client(HTTP_HOST=acme.host)
    for names in SEEN_WITH.values():
        for name in names.split():
            check_sent_away(nobody.get(address_of(name)), name)
    for names in SENT_WITH.values():
        for name in names.split():
            check_sent_away(nobody.post(address_of(name)), name)
    for name in OWN_SEEN:
        check_sent_away(nobody.get(address_of(name)), name)
    for name in OWN_SENT:
        check_sent_away(nobody.post(address_of(name)), name)


def check_sent_away(response: object, name: str) -> None:
    assert response.status_code == 302, name  # type: ignore[attr-defined]
    assert response["Location"].startswith("/accounts/login/?next="), name  # type: ignore[index]


# What every program may ask, whatever its scopes; oneself, and what is told to nobody else.
EVERYBODYS = ("api/v1/me", "api/v1/docs", "api/v1/openapi.json", "api/v1/people")
NOT_EVEN_NAMED = ("api/v1/imports/<", "api/v1/billing/manual-review/<", "api/v1/people/<")
QUERY = {"invoice": "X9", "month": "2026-11", "code": "X9"}


def test_a_program_without_a_scope_reads_nothing(acme: Organisation) -> None:
    """The same for the API: with ids that nobody has, 403 shows that the right came first.

    Where even its being there is told to nobody else, it is 404.
    """
    with organisation_context(acme):
        grant = Grant("none", ["nothing:read"], future_scopes=True)
        key = create_api_key(actor=SYSTEM, grant=grant)
    program = Client(HTTP_HOST=acme.host, HTTP_AUTHORIZATION=f"Bearer {key.secret}")
    answers = {}
    for route in tenant_routes():
        if route.startswith("api/") and route not in EVERYBODYS:
            path = "/" + "/".join(_part(part) for part in route.split("/"))
            unknown = route.startswith((*NOT_EVEN_NAMED, "api/v1/oauth/")) or path == "/api/v1/"
            allowed = (403, 404, 405) if unknown else (403, 405)
            response = program.get(path)
            if response.status_code == 422:
                asked = {one["field"] for one in response.json()["errors"]}
                response = program.get(path, {name: QUERY[name] for name in asked})
            if response.status_code not in allowed:
                answers[path] = response.status_code
    assert answers == {}


def _part(part: str) -> str:
    """An id that nobody has, in the form that the address takes."""
    if "<" not in part:
        return part
    if "number" in part:
        return "1"
    if "metric" in part:
        return "accuracy"
    return str(uuid4()) if "_id" in part or "uuid" in part else "X9"
