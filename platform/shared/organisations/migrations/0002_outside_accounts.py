import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organisations', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='OutsideAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('system', models.CharField(max_length=20, verbose_name='system')),
                ('number', models.CharField(max_length=100, verbose_name='number')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='outside_accounts', to='organisations.organisation')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('system', 'number'), name='one_outside_account')],
            },
        ),
    ]
