"""What can go wrong with keys and encrypted values."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from shared.kernel.errors import AppError, Text


class CannotDecrypt(AppError):
    """The value does not belong here, was changed, or its key is gone.

    The three are not told apart for whoever asks: a ciphertext that was moved looks like one
    that was tampered with.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "cannot_decrypt"
    title: ClassVar[Text] = _("A protected value cannot be read")


class NoDataKey(CannotDecrypt):
    """The organisation has no such key, or it was shredded."""

    code = "no_data_key"
    title = _("The key of this organisation's protected values is not available")


class NoMasterKey(AppError):
    """A data key is wrapped by a master key that the service was not given."""

    status = 500
    code = "no_master_key"
    title = _("The service lacks the master key of a data key")
