"""`manage.py create_staff --email --password`: a member of platform staff, for `/staff`."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from shared.accounts.models import User
from shared.audit.services import record
from shared.kernel.actor import SYSTEM
from shared.kernel.tenancy import shared_context


class Command(BaseCommand):
    """Makes a user of the public schema, or gives an existing one the rights and the password."""

    help = "Make a member of platform staff."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Both are needed."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for a password that is too weak."""
        email, password = options["email"].strip().lower(), options["password"]
        try:
            validate_password(password, User(email=email))
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        with shared_context(), transaction.atomic():
            user = User.objects.filter(email__iexact=email).first() or User(email=email)
            user.name = options["name"] or user.name or email.split("@")[0]
            user.is_staff = user.is_superuser = user.is_active = True
            user.set_password(password)
            user.save()
            EmailAddress.objects.update_or_create(
                user=user, email=email, defaults={"verified": True, "primary": True}
            )
            record(actor=SYSTEM, action="staff.added", target=user)
        self.stdout.write(f"{email} may sign in at /staff")
