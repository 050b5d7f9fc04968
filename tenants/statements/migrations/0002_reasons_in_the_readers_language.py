"""What is told to people is kept as wordings, said in the language of whoever reads it."""

from django.db import migrations, models

from shared.kernel.fields import WordingField
from shared.kernel.operations import keep_wording


class Migration(migrations.Migration):
    dependencies = [("statements", "0001_initial")]

    operations = [
        keep_wording(
            "statements_statementrunitem",
            "statementrunitem",
            "reason",
            WordingField(max_length=500, blank=True),
            models.CharField(max_length=500, blank=True),
        ),
    ]
