"""Causes and notes are kept as wordings, said in the language of whoever reads them."""

from django.db import migrations, models

from shared.kernel.fields import WordingField
from shared.kernel.operations import keep_wording


class Migration(migrations.Migration):
    dependencies = [("review", "0002_escalation")]

    operations = [
        keep_wording(
            "review_reviewitem",
            "reviewitem",
            "cause",
            WordingField(),
            models.TextField(),
        ),
        keep_wording(
            "review_reviewitem",
            "reviewitem",
            "closing_note",
            WordingField(max_length=500, blank=True),
            models.CharField(max_length=500, blank=True),
        ),
    ]
