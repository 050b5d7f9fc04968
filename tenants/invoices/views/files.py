"""An invoice to download for programs."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from shared.kernel.api.auth import ApiRequest
from shared.kernel.errors import NotFound
from tenants.documents.views.answers import answer_file
from tenants.invoices.files import VARIANTS, invoice_file


@require_safe
def invoice_download(request: ApiRequest, invoice_id: str, variant: str) -> HttpResponse:
    """The file as an attachment. Raises NotFound for a format that we do not write."""
    known = next((one for one in VARIANTS if one == variant), None)
    if known is None:
        raise NotFound()
    file = invoice_file(actor=request.actor, invoice_id=invoice_id, variant=known)
    response = answer_file(file.content, file.media_type, file.name)
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response
