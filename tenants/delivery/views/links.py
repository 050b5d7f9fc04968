"""Documents for whoever holds the link of a delivery. The link is the permission."""

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from tenants.delivery import services
from tenants.delivery.links import read_token
from tenants.documents.services import make_document
from tenants.documents.views.answers import stream_pdf
from tenants.documents.views.links import ask_again


@require_safe
def delivered_document(request: HttpRequest, token: str) -> HttpResponseBase:
    """The PDF behind the link; a page that asks again where it is still being made."""
    delivery = services.delivery_behind_link(delivery_id=read_token(token))
    document = make_document(kind=delivery.kind, object_id=delivery.object_id)
    if document is None:
        return ask_again(request)
    if request.method == "GET":
        services.note_opened(delivery_id=delivery.pk)
    return stream_pdf(document)
