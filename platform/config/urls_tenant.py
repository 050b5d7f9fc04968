"""What a tenant's host answers. Wiring only: every app adds its own lines."""

from django.urls import path

from config.api import tenant_api
from config.urls_accounts import tenant_patterns
from config.urls_billing import billing_patterns
from config.urls_connections import connection_patterns
from shared.audit import views as audit
from shared.kernel import views as kernel
from shared.organisations.views import tenant as organisation
from shared.runtime import views as runtime
from tenants.delivery.views import links as delivery_links
from tenants.documents import views as documents

handler400 = "shared.kernel.views.bad_request"
handler403 = "shared.kernel.views.permission_denied"
handler404 = "shared.kernel.views.page_not_found"
handler500 = "shared.kernel.views.server_error"

# What the seed documents have below /api/ itself: the same handlers as below /api/v1/.
unversioned = [
    path(f"api/{pattern.pattern}", pattern.callback)
    for pattern in tenant_api.urls[0]
    if pattern.callback is not None and str(pattern.pattern).startswith("statements")
]

urlpatterns = [
    path("api/v1/", tenant_api.urls),
    *unversioned,
    path("brand.css", kernel.brand_stylesheet, name="brand_stylesheet"),
    path("styleguide", kernel.styleguide, name="styleguide"),
    path("mail", runtime.mail_list, name="mail_list"),
    path("mail/<str:name>", runtime.mail_detail, name="mail_detail"),
    path("mail/<str:name>/html", runtime.mail_html, name="mail_html"),
    path("settings", kernel.settings_home, name="settings"),
    path("settings/audit", audit.list_entries, name="audit"),
    path("settings/audit/<int:sequence>", audit.show_entry, name="audit_entry"),
    path("settings/audit.csv", audit.export_entries, name="audit_export"),
    path("welcome/<str:token>", organisation.first_sign_in, name="first_sign_in"),
    path("settings/address", organisation.edit_address, name="organisation_address"),
    path("settings/delete", organisation.delete_organisation, name="delete_organisation"),
    path("documents/<str:token>", documents.signed_document, name="signed_document"),
    path("delivered/<str:token>", delivery_links.delivered_document, name="delivered_document"),
    *billing_patterns,
    *connection_patterns,
    *tenant_patterns,
]
