from django.apps import AppConfig
from django.utils.translation import pgettext_lazy


class ReviewConfig(AppConfig):
    name = "tenants.review"
    label = "review"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show how much waits for a person in the navigation."""
        from shared.kernel.hooks import NavigationItem, register_navigation
        from tenants.review.selectors import open_count

        register_navigation(
            NavigationItem(
                group="",
                label=pgettext_lazy("menu", "Manual review"),
                url_name="review_list",
                icon="inbox",
                permission="invoices.generate",
                order=10,
                count=open_count,
                on_phone=True,
            )
        )
