from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConnectionsConfig(AppConfig):
    name = "tenants.connections"
    label = "connections"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the outbox; show the pages; name what may wait for a person."""
        from shared.kernel.hooks import NavigationItem, register_navigation, register_topic
        from shared.outbox.subscribers import register_subscriber
        from tenants.connections.selectors.sync import open_conflict_count
        from tenants.connections.work.fanout import note_deliveries, note_sync_tasks
        from tenants.review.kinds import Kind, register_kind

        register_subscriber("webhooks", note_deliveries)
        register_subscriber("billing_system", note_sync_tasks)
        register_topic("sync", "connections.read")
        register_topic("quality", "connections.read")
        for url_name, label, icon, order in (
            ("sync_status", _("Synchronisation"), "refresh-cw", 600),
            ("data_quality", _("Data quality"), "gauge", 610),
        ):
            register_navigation(
                NavigationItem(
                    group="company",
                    label=label,
                    url_name=url_name,
                    icon=icon,
                    permission="connections.read",
                    order=order,
                    count=open_conflict_count if url_name == "sync_status" else None,
                )
            )
        register_navigation(
            NavigationItem(
                group="settings_access",
                label=_("Webhooks"),
                url_name="webhook_list",
                icon="webhook",
                permission="connections.read",
                order=840,
                text=_("Programs that are told of events at once, signed and in order."),
            )
        )
        for name, label, icon in (
            ("sync_conflict", _("Conflict with the billing system"), "git-compare-arrows"),
            ("sync_failed", _("Change not sent to the billing system"), "cloud-alert"),
            ("webhook_failed", _("Webhook not delivered"), "webhook-off"),
        ):
            register_kind(Kind(name, label, "connections.resolve", icon))
