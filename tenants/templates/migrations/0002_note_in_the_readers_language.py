"""What is told to people is kept as wordings, said in the language of whoever reads it."""

from django.db import migrations, models

from shared.kernel.fields import WordingField
from shared.kernel.operations import keep_wording


class Migration(migrations.Migration):
    dependencies = [("templates", "0001_initial")]

    operations = [
        keep_wording(
            "templates_templateversion",
            "templateversion",
            "note",
            WordingField(verbose_name="note", max_length=200, blank=True),
            models.CharField(verbose_name="note", max_length=200, blank=True),
        ),
    ]
