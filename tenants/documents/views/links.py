"""Documents for whoever holds a signed link. The link is the permission."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from tenants.documents.services import make_document, read_link
from tenants.documents.views.answers import stream_pdf

REFRESH_SECONDS = 2


@require_safe
@xframe_options_sameorigin
def signed_document(request: HttpRequest, token: str) -> HttpResponseBase:
    """The PDF behind a signed link; a page that asks again where it is still being made."""
    linked = read_link(token)
    document = make_document(kind=linked.kind, object_id=linked.object_id)
    if document is None:
        return ask_again(request)
    return stream_pdf(document)


def ask_again(request: HttpRequest) -> HttpResponse:
    """A page that looks again by itself until the document is made."""
    response = render(request, "documents/waiting.html", status=202)
    response["Refresh"] = str(REFRESH_SECONDS)
    response["Retry-After"] = str(REFRESH_SECONDS)
    response["Cache-Control"] = "no-store"
    return response
