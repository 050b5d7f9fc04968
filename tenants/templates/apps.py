from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TemplatesConfig(AppConfig):
    name = "tenants.templates"
    label = "templates"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let documents be made with the tenant's own templates; show them under settings."""
        from shared.kernel.hooks import NavigationItem, register_navigation
        from tenants.documents.looks import register_looks
        from tenants.review.kinds import Kind, register_kind
        from tenants.templates.models import REVIEW_KIND
        from tenants.templates.own import OwnLooks

        register_looks(OwnLooks())
        register_kind(Kind(REVIEW_KIND, _("Broken template"), "templates.read", "layout-template"))
        register_navigation(
            NavigationItem(
                group="settings_documents",
                label=_("Templates"),
                url_name="template_list",
                icon="layout-template",
                permission="templates.read",
                order=700,
                text=_("How invoices, statements, reminders and e-mails look."),
            )
        )
