"""What the bare domain answers. Wiring only: every app adds its own lines."""

from django.urls import path
from django.views.generic import RedirectView

from config.api import platform_api
from config.urls_accounts import own_patterns
from shared.kernel import views as kernel
from shared.kernel.console import staff_site
from shared.organisations.views import public
from shared.runtime import views as runtime
from tenants.payments.views import linking

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
    path("", public.show_home, name="home"),
    path("pricing", public.show_pricing, name="pricing"),
    path("signup", public.sign_up, name="sign_up"),
    path("signup/subdomain", public.check_subdomain, name="check_subdomain"),
    path("signup/<uuid:job_id>", public.show_progress, name="sign_up_progress"),
    path("signin", public.find_organisation, name="find_organisation"),
    path("undo-deletion/<str:token>", public.undo_deletion, name="undo_deletion"),
    path("stripe/connected", linking.lead_to_organisation, name="stripe_connected"),
    path("staff/", staff_site.urls),
    path("staff", RedirectView.as_view(url="/staff/")),
    *own_patterns,
]
