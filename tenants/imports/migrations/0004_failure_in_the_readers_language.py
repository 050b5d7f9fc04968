"""What is told to people is kept as wordings, said in the language of whoever reads it."""

from django.db import migrations, models

from shared.kernel.fields import WordingField
from shared.kernel.operations import keep_wording


class Migration(migrations.Migration):
    dependencies = [("imports", "0003_duplicate_rows")]

    operations = [
        keep_wording(
            "imports_import",
            "import",
            "failure",
            WordingField(max_length=500, blank=True),
            models.CharField(max_length=500, blank=True),
        ),
        migrations.RemoveField("import", "language"),  # nothing is worded before it is read
        migrations.AlterField(
            "rowproblem",
            "reasons",
            models.JSONField(
                help_text="[{field, code, message}], each message as a Wording is kept."
            ),
        ),
    ]
