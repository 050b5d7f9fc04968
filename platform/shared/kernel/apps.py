from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "shared.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Give django-tenants' migrate the autodetector that knows triggers.

        pgtrigger, which stands before us, extends makemigrations; with another autodetector in
        migrate every command would stop with commands.E001.
        """
        from django.core.management.commands import makemigrations
        from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand

        MigrateSchemasCommand.autodetector = makemigrations.Command.autodetector
