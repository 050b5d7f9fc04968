"""Pages of statements: list, one statement with its document, sending it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.api.pagination import paginate, paging_of
from shared.kernel.errors import Conflict, Gone
from tenants.contracts.models import ContractType
from tenants.documents.rendering import Output
from tenants.documents.views.answers import answer_document, stream_pdf
from tenants.statements import services
from tenants.statements.presentation import (
    STATUSES,
    ageing_of,
    facts_of,
    movements_of,
    period_name,
)
from tenants.statements.selectors import statements as selectors
from tenants.statements.showing import show_statement


@require_safe
def statement_list(request: ApiRequest) -> HttpResponse:
    """All statements, newest first."""
    asked = request.GET
    found = selectors.search_statements(
        actor=request.actor,
        text=asked.get("q", "")[:100],
        status=asked.get("status", ""),
        contract_type=asked.get("contract_type", ""),
        customer=asked.get("customer", "")[:40],
    )
    page = paginate(
        found,
        paging_of(request),
        orderings=("statement_date", "closing_balance"),
        default="-statement_date",
    )
    context = {
        "page": page,
        "statuses": STATUSES,
        "contract_types": ContractType.choices,
        "filtered": any(asked.get(name) for name in ("q", "status", "contract_type", "customer")),
    }
    return render(request, "statements/list.html", context)


@require_safe
def statement_detail(request: ApiRequest, statement_id: UUID) -> HttpResponse:
    """One statement: the document beside its movements and facts."""
    statement = selectors.statement_by_id(actor=request.actor, statement_id=statement_id)
    newer = getattr(statement, "replaced_by", None)
    hold = selectors.hold_on(statement)
    context = {
        "statement": statement,
        "lines": [line for line in statement.lines.all() if not line.is_detail],
        "movements": movements_of(statement),
        "ageing": ageing_of(statement),
        "facts": facts_of(statement, hold),
        "sub": period_name(statement.period_start, statement.period_end),
        "newer": newer,
        "may_send": request.actor.may("statements.send")
        and statement.archived_at is None
        and newer is None,
        "crumbs": [(_("Statements"), reverse("statement_list")), (str(statement), None)],
    }
    return render(request, "statements/detail.html", context)


@require_safe
@xframe_options_sameorigin
def statement_html(request: ApiRequest, statement_id: UUID) -> HttpResponse:
    """The document itself, as the customer sees it."""
    return _shown(request, statement_id, "html")


@require_safe
def statement_text(request: ApiRequest, statement_id: UUID) -> HttpResponse:
    """The same as plain text."""
    return _shown(request, statement_id, "text")


@require_safe
@xframe_options_sameorigin
def statement_pdf(request: ApiRequest, statement_id: UUID) -> HttpResponseBase:
    """The PDF as it was made."""
    document = selectors.statement_file(actor=request.actor, statement_id=statement_id)
    if document is None:
        raise Gone(_("The statement is archived; its file is gone."))
    return stream_pdf(document)


@require_POST
def statement_send(request: ApiRequest, statement_id: UUID) -> HttpResponse:
    """Send it, or send it again."""
    try:
        statement = services.send_statement(actor=request.actor, statement_id=statement_id)
    except Conflict as error:
        messages.error(request, str(error.detail))
    else:
        messages.success(request, _("%(statement)s is being sent.") % {"statement": statement})
    return redirect("statement_detail", statement_id=statement_id)


def _shown(request: ApiRequest, statement_id: UUID, output: Output) -> HttpResponse:
    code, rendered = show_statement(actor=request.actor, statement_id=statement_id, output=output)
    return answer_document(rendered, output=output, name=code)
