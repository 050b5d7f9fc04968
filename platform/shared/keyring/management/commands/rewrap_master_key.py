"""`manage.py rewrap_master_key`: wrap all data keys by the newest master key."""

from typing import Any

from django.core.management.base import BaseCommand

from shared.keyring.master import master_keys
from shared.keyring.services import rewrap_data_keys


class Command(BaseCommand):
    """The second of three steps: add the new master key, run this, remove the old one."""

    help = "Wrap every data key by the newest master key; afterwards the old one can be removed."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Re-wrap and tell how many there were."""
        count = rewrap_data_keys()
        self.stdout.write(f"{count} data keys are now wrapped by {master_keys().newest_id}.")
