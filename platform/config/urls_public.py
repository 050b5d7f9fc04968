"""What the bare domain answers. Wiring only: every app adds its own lines."""

from django.urls import path

from config.api import platform_api
from config.urls_accounts import own_patterns
from shared.kernel import views as kernel
from shared.runtime import views as runtime

handler400 = "shared.kernel.views.bad_request"
handler403 = "shared.kernel.views.permission_denied"
handler404 = "shared.kernel.views.page_not_found"
handler500 = "shared.kernel.views.server_error"

urlpatterns = [
    path("api/v1/", platform_api.urls),
    path("brand.css", kernel.brand_stylesheet, name="brand_stylesheet"),
    path("styleguide", kernel.styleguide, name="styleguide"),
    path("mail", runtime.mail_list, name="mail_list"),
    path("mail/<str:name>", runtime.mail_detail, name="mail_detail"),
    path("mail/<str:name>/html", runtime.mail_html, name="mail_html"),
    *own_patterns,
]
