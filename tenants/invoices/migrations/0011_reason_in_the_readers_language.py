"""What is told to people is kept as wordings, said in the language of whoever reads it."""

from django.db import migrations, models

from shared.kernel.fields import WordingField
from shared.kernel.operations import keep_wording


class Migration(migrations.Migration):
    dependencies = [("invoices", "0010_by_contract_and_issue")]

    operations = [
        keep_wording(
            "invoices_invoice",
            "invoice",
            "reason",
            WordingField(max_length=500, blank=True, help_text="Why a correction was made."),
            models.CharField(max_length=500, blank=True, help_text="Why a correction was made."),
        ),
    ]
