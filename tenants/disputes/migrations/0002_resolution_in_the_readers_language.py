"""What is told to people is kept as wordings, said in the language of whoever reads it."""

from django.db import migrations, models

from shared.kernel.fields import WordingField
from shared.kernel.operations import keep_wording


class Migration(migrations.Migration):
    dependencies = [("disputes", "0001_initial")]

    operations = [
        keep_wording(
            "disputes_dispute",
            "dispute",
            "resolution",
            WordingField(verbose_name="resolution", max_length=500, blank=True),
            models.CharField(verbose_name="resolution", max_length=500, blank=True),
        ),
    ]
