from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "tenants.payments"
    label = "payments"
    default_auto_field = "django.db.models.BigAutoField"
