"""What is told to people is kept as wordings, said in the language of whoever reads it."""

from django.db import migrations, models

from shared.kernel.fields import WordingField
from shared.kernel.operations import keep_wording


class Migration(migrations.Migration):
    dependencies = [("payments", "0008_refunds_taken_back")]

    operations = [
        keep_wording(
            "payments_paymentfileline",
            "paymentfileline",
            "problem",
            WordingField(max_length=300, blank=True),
            models.CharField(max_length=300, blank=True),
        ),
    ]
