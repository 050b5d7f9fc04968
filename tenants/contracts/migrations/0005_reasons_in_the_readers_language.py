"""What is told to people is kept as wordings, said in the language of whoever reads it."""

from django.db import migrations, models

from shared.kernel.fields import WordingField
from shared.kernel.operations import keep_wording


class Migration(migrations.Migration):
    dependencies = [("contracts", "0004_federal_work")]

    operations = [
        keep_wording(
            "contracts_contractamendment",
            "contractamendment",
            "reason",
            WordingField(verbose_name="reason", max_length=500, blank=True),
            models.CharField(verbose_name="reason", max_length=500, blank=True),
        ),
        keep_wording(
            "contracts_contractrenewal",
            "contractrenewal",
            "reason",
            WordingField(verbose_name="reason", max_length=500, blank=True),
            models.CharField(verbose_name="reason", max_length=500, blank=True),
        ),
    ]
