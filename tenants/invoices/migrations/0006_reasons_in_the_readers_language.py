"""What is told to people is kept as wordings, said in the language of whoever reads it."""

from django.db import migrations, models

from shared.kernel.fields import WordingField
from shared.kernel.operations import keep_wording


class Migration(migrations.Migration):
    dependencies = [("invoices", "0005_settled_once_issued")]

    operations = [
        keep_wording(
            "invoices_billingrunitem",
            "billingrunitem",
            "reason",
            WordingField(blank=True),
            models.TextField(blank=True),
        ),
        migrations.RemoveField("billingrun", "language"),  # nothing is worded before it is read
    ]
