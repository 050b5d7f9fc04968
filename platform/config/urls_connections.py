"""Addresses of webhooks, the billing connection, the synchronisation and data quality."""

from django.urls import URLPattern, URLResolver, path

from tenants.connections.views import conflicts, quality, sync, webhooks

webhook_patterns: list[URLPattern | URLResolver] = [
    path("settings/webhooks", webhooks.webhook_list, name="webhook_list"),
    path("settings/webhooks/new", webhooks.webhook_new, name="webhook_new"),
    path("settings/webhooks/<uuid:endpoint_id>", webhooks.webhook_detail, name="webhook_detail"),
    path("settings/webhooks/<uuid:endpoint_id>/edit", webhooks.webhook_edit, name="webhook_edit"),
    path(
        "settings/webhooks/<uuid:endpoint_id>/state", webhooks.webhook_state, name="webhook_state"
    ),
    path(
        "settings/webhooks/<uuid:endpoint_id>/rotate",
        webhooks.webhook_rotate,
        name="webhook_rotate",
    ),
    path("settings/webhooks/<uuid:endpoint_id>/test", webhooks.webhook_test, name="webhook_test"),
    path(
        "settings/webhooks/<uuid:endpoint_id>/remove",
        webhooks.webhook_delete,
        name="webhook_delete",
    ),
    path(
        "settings/webhooks/<uuid:endpoint_id>/replay-failed",
        webhooks.webhook_replay_failed,
        name="webhook_replay_failed",
    ),
    path(
        "settings/webhooks/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>",
        webhooks.webhook_delivery,
        name="webhook_delivery",
    ),
    path(
        "settings/webhooks/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/replay",
        webhooks.webhook_replay,
        name="webhook_replay",
    ),
]

sync_patterns: list[URLPattern | URLResolver] = [
    path("sync", sync.sync_status, name="sync_status"),
    path("sync/reconcile", sync.sync_reconcile, name="sync_reconcile"),
    path("sync/runs/<uuid:run_id>", sync.sync_progress, name="sync_progress"),
    path("sync/log", sync.sync_logs, name="sync_logs"),
    path("sync/weekly", sync.weekly_performance, name="weekly_performance"),
    path("sync/weekly/start", sync.weekly_start, name="weekly_start"),
    path("sync/weekly/<str:week>", sync.weekly_sites, name="weekly_sites"),
    path("sync/failed/<uuid:task_id>/retry", sync.task_retry, name="task_retry"),
    path("sync/connection/new", sync.connection_new, name="connection_new"),
    path("sync/connection/<uuid:connection_id>", sync.connection_edit, name="connection_edit"),
    path(
        "sync/connection/<uuid:connection_id>/test",
        sync.connection_check,
        name="connection_check",
    ),
    path(
        "sync/connection/<uuid:connection_id>/state",
        sync.connection_state,
        name="connection_state",
    ),
    path(
        "sync/connection/<uuid:connection_id>/remove",
        sync.connection_delete,
        name="connection_delete",
    ),
    path("sync/conflicts", conflicts.conflict_list, name="conflict_list"),
    path("sync/conflicts/resolve", conflicts.conflicts_resolve, name="conflicts_resolve"),
    path("sync/conflicts/<uuid:conflict_id>", conflicts.sync_conflict, name="sync_conflict"),
]

quality_patterns: list[URLPattern | URLResolver] = [
    path("data-quality", quality.data_quality, name="data_quality"),
    path("data-quality/settings", quality.quality_settings, name="quality_settings"),
    path("data-quality/measure", quality.quality_measure, name="quality_measure"),
    path("data-quality/<str:metric>", quality.quality_records, name="quality_records"),
]

connection_patterns: list[URLPattern | URLResolver] = [
    *webhook_patterns,
    *sync_patterns,
    *quality_patterns,
]
