"""What is told to people is kept as wordings, said in the language of whoever reads it."""

from django.db import migrations, models

from shared.kernel.fields import WordingField
from shared.kernel.operations import keep_wording


class Migration(migrations.Migration):
    dependencies = [("connections", "0002_replays_stay_replays")]

    operations = [
        keep_wording(
            "connections_connection",
            "connection",
            "problem",
            WordingField(max_length=500, blank=True),
            models.CharField(max_length=500, blank=True),
        ),
        keep_wording(
            "connections_syncrun",
            "syncrun",
            "error",
            WordingField(max_length=500, blank=True),
            models.CharField(max_length=500, blank=True),
        ),
        keep_wording(
            "connections_synclog",
            "synclog",
            "error_message",
            WordingField(max_length=2_000, blank=True),
            models.TextField(blank=True),
        ),
        keep_wording(
            "connections_synctask",
            "synctask",
            "error",
            WordingField(max_length=500, blank=True),
            models.CharField(max_length=500, blank=True),
        ),
        keep_wording(
            "connections_webhookdelivery",
            "webhookdelivery",
            "error",
            WordingField(max_length=500, blank=True),
            models.CharField(max_length=500, blank=True),
        ),
        keep_wording(
            "connections_webhookattempt",
            "webhookattempt",
            "error",
            WordingField(max_length=500, blank=True),
            models.CharField(max_length=500, blank=True),
        ),
        keep_wording(
            "connections_webhookendpoint",
            "webhookendpoint",
            "paused_why",
            WordingField(max_length=300, blank=True),
            models.CharField(max_length=300, blank=True),
        ),
    ]
