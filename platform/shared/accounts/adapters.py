"""How django-allauth meets our tenants: links, mail, addresses, secrets, passkeys."""

from typing import Any
from urllib.parse import quote

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from shared.accounts.models import MfaSecret, User
from shared.accounts.networks import client_address
from shared.accounts.sites import site_host, site_name, site_url
from shared.accounts.tasks import deliver_mail

logger = structlog.get_logger(__name__)
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 - stands for a peer without address (a socket)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in, verification and reset on the organisation's own host."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People join by invitation only; organisations sign up on the bare domain."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The caller's address past trusted proxies."""
        return client_address(request) or UNKNOWN_ADDRESS

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Leave a trace for whoever watches the logs, without the address that was tried."""
        logger.warning("sign_in_failed", ip=self.get_client_ip(request))

    def is_safe_url(self, url: str | None) -> bool:
        """Only paths of this very site: allauth would also follow links to other tenants."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """On the organisation's address, not on what the Host header said."""
        names = {"uidb36": "UID", "key": "KEY"}
        path = reverse("account_reset_password_from_key", kwargs=names)
        return site_url(path.replace("UID-KEY", quote(key)))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """On the organisation's address, not on what the Host header said."""
        return site_url(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def format_email_subject(self, subject: str) -> str:
        """The subject as it stands: it names the organisation itself."""
        return str(subject)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render in the reader's language, send by a worker."""
        user = context.get("user") or User.objects.filter(email__iexact=email).first()
        language = getattr(user, "language", None) or translation.get_language()
        with translation.override(language):
            values = {
                **context,
                "email": email,
                "user": user,
                "organisation": site_name(),
                "sign_in_url": site_url(reverse("account_login")),
                "security_url": site_url(reverse("security")),
            }
            message = self.render_mail(template_prefix, email, values)
        deliver_mail.delay(subject=message.subject, body=message.body, to=[email])


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: secrets under the organisation's key, passkeys bound to its host."""

    def encrypt(self, text: str) -> str:
        """Keep a TOTP secret or recovery seed encrypted; allauth stores the reference."""
        return MfaSecret.objects.keep(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Counterpart of encrypt()."""
        return MfaSecret.objects.reveal(encrypted_text)

    def get_totp_issuer(self) -> str:
        """What an authenticator app shows above the code; a colon would end it early."""
        return f"InvoicePatch {site_name()}".replace(":", " ")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The passkey's home: this host alone, so that no other tenant can ask for it."""
        return {"id": site_host(), "name": site_name()}

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        """A name to begin with; people change it."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("Passkey %(number)d") % {"number": count + 1}
