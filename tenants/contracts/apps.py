from django.apps import AppConfig


class ContractsConfig(AppConfig):
    name = "tenants.contracts"
    label = "contracts"
    default_auto_field = "django.db.models.BigAutoField"
