"""The forms that take the code of a second factor: at sign-in and before a change that matters."""

from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms
from django.core.cache import cache


class _CountsOnce(forms.BaseAuthenticateForm):  # type: ignore[misc]
    """A code counts once for as long as it would be taken (RFC 6238, section 5.2).

    allauth remembers a used code for one period; the tolerance lets it live for three.
    """

    def clean_code(self) -> Any:
        """The code; raises ValidationError where it is wrong or was used before."""
        code = super().clean_code()
        lifetime = app_settings.TOTP_PERIOD * (1 + 2 * app_settings.TOTP_TOLERANCE)
        digits = "".join(filter(str.isalnum, code)).lower()
        if not cache.add(f"second-factor:{self.user.pk}:{digits}", "used", timeout=lifetime):
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_CountsOnce, forms.AuthenticateForm):  # type: ignore[misc]
    """The second step of a sign-in."""


class ReauthenticateForm(_CountsOnce, forms.ReauthenticateForm):  # type: ignore[misc]
    """The identity confirmed again."""
