from django.apps import AppConfig


class StructureConfig(AppConfig):
    name = "tenants.structure"
    label = "structure"
    default_auto_field = "django.db.models.BigAutoField"
