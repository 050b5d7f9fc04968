"""Documents for whoever holds a signed link. The link is the permission."""

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from shared.kernel.errors import AppError, Unavailable
from shared.keyring.storage import EncryptedStorage
from tenants.documents.answers import seal
from tenants.documents.models import Document
from tenants.documents.services import provide_document, read_link

REFRESH_SECONDS = 2


@require_safe
@xframe_options_sameorigin
def signed_document(request: HttpRequest, token: str) -> HttpResponseBase:
    """The PDF behind a signed link; a page that asks again where it is still being made."""
    linked = read_link(token)
    try:
        document = provide_document(kind=linked.kind, object_id=linked.object_id)
    except AppError:
        raise
    except Exception as error:  # kept with the row and logged; a sweep tries again
        raise Unavailable(
            _("The document could not be made just now. We try again; come back in a minute.")
        ) from error
    if document is None:
        return _ask_again(request)
    return _stream(document)


def _stream(document: Document) -> FileResponse:
    response = FileResponse(
        EncryptedStorage().open(document.file_name),
        content_type="application/pdf",
        filename=f"{document.object_code}.pdf",
    )
    response["Content-Length"] = str(document.size_bytes)
    return seal(response)


def _ask_again(request: HttpRequest) -> HttpResponse:
    response = render(request, "documents/waiting.html", status=202)
    response["Refresh"] = str(REFRESH_SECONDS)
    response["Retry-After"] = str(REFRESH_SECONDS)
    response["Cache-Control"] = "no-store"
    return response
