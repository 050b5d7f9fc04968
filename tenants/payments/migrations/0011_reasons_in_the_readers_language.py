"""What is told to people is kept as wordings, said in the language of whoever reads it."""

from django.db import migrations, models

from shared.kernel.fields import WordingField
from shared.kernel.operations import keep_wording


class Migration(migrations.Migration):
    dependencies = [("payments", "0010_returned_lines")]

    operations = [
        keep_wording(
            "payments_refund",
            "refund",
            "reason",
            WordingField(max_length=500),
            models.CharField(max_length=500),
        ),
        keep_wording(
            "payments_reversal",
            "reversal",
            "reason",
            WordingField(max_length=500),
            models.CharField(max_length=500),
        ),
    ]
