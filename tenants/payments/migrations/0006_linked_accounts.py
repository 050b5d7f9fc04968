import shared.keyring.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0005_online'),
    ]

    operations = [
        migrations.AddField(
            model_name='onlineaccount',
            name='is_linked',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='onlineaccount',
            name='name',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='onlineaccount',
            name='country',
            field=models.CharField(blank=True, max_length=2),
        ),
        migrations.AddField(
            model_name='onlineaccount',
            name='is_live',
            field=models.BooleanField(default=True, help_text='Whether it takes real money.'),
        ),
        migrations.AddField(
            model_name='onlineaccount',
            name='charges_enabled',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='onlineaccount',
            name='checked_at',
            field=models.DateTimeField(blank=True, help_text='When Stripe said so, of a linked account.', null=True),
        ),
        migrations.AddField(
            model_name='onlineaccount',
            name='withdrawn_at',
            field=models.DateTimeField(blank=True, help_text='When the access was found withdrawn at Stripe.', null=True),
        ),
        migrations.AlterField(
            model_name='onlineaccount',
            name='secret_key',
            field=shared.keyring.fields.EncryptedTextField(blank=True, label='payments.online.secret_key'),
        ),
        migrations.AlterField(
            model_name='onlineaccount',
            name='webhook_secret',
            field=shared.keyring.fields.EncryptedTextField(blank=True, label='payments.online.webhook_secret'),
        ),
        migrations.AddConstraint(
            model_name='onlineaccount',
            constraint=models.CheckConstraint(condition=models.Q(('is_linked', False), models.Q(('account_id', ''), _negated=True), _connector='OR'), name='linked_account_has_id'),
        ),
    ]
