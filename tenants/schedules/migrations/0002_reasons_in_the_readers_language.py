"""What is told to people is kept as wordings, said in the language of whoever reads it."""

from django.db import migrations, models

from shared.kernel.fields import WordingField
from shared.kernel.operations import keep_wording


class Migration(migrations.Migration):
    dependencies = [("schedules", "0001_initial")]

    operations = [
        keep_wording(
            "schedules_scheduledrun",
            "scheduledrun",
            "reason",
            WordingField(blank=True),
            models.TextField(blank=True),
        ),
        migrations.RemoveField("billingschedule", "language"),  # nothing is worded before it is read
    ]
