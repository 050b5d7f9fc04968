"""Recording who signed which text of a contract."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from shared.audit.services import record
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.clock import now
from shared.kernel.errors import Conflict, FieldError, Invalid
from shared.kernel.wording import worded as _
from tenants.contracts.documents import canonical_document, document_hash
from tenants.contracts.models import ContractSignature
from tenants.contracts.services.locking import lock_contract

NAME_MAX = 255
EMAIL_MAX = 254
YEAR_MIN = 1900


@dataclass(frozen=True)
class Signer:
    """A person who signs."""

    name: str
    email: str
    title: str = ""


def record_signature(
    *,
    actor: Actor,
    contract_id: str,
    signer: Signer,
    document_sha256: str,
    signed_at: datetime | None = None,
) -> ContractSignature:
    """Keep that somebody signed the contract as it reads now, from the actor's address.

    `document_sha256` is the hash of the text the signer was shown: Conflict where the contract
    has changed since. `signed_at` is now unless given. Raises Invalid, NotFound.
    """
    authorize(actor, "contracts.activate")
    moment = signed_at or now()
    _check_signer(signer, moment)
    with transaction.atomic():
        contract = lock_contract(contract_id)
        document = canonical_document(contract)
        digest = document_hash(document)
        if digest != document_sha256.lower():
            message = _("The contract has changed since that text; show the new one for signing.")
            raise Conflict(message, errors=[FieldError("document_sha256", "stale", message)])
        signature = ContractSignature.objects.create(
            contract=contract,
            signer_name=signer.name.strip(),
            signer_title=signer.title.strip(),
            signer_email=signer.email.strip(),
            ip_address=actor.ip or "",
            document=document,
            document_sha256=digest,
            signed_at=moment,
            recorded_by=actor.label[:200],
        )
        record(
            actor=actor,
            action="contract.signed",
            target=contract,
            after={"signature": str(signature.pk), "document_sha256": digest},
        )
    return signature


def _check_signer(signer: Signer, moment: datetime) -> None:
    errors: list[FieldError] = []
    if not signer.name.strip():
        errors.append(FieldError("signer_name", "required", _("This field is required.")))
    for name, text, longest in (
        ("signer_name", signer.name, NAME_MAX),
        ("signer_title", signer.title, NAME_MAX),
        ("signer_email", signer.email, EMAIL_MAX),
    ):
        if len(text) > longest:
            message = _("At most %(number)s characters.") % {"number": longest}
            errors.append(FieldError(name, "too_long", message))
    try:
        validate_email(signer.email.strip())
    except ValidationError:
        errors.append(FieldError("signer_email", "form", _("Enter an e-mail address.")))
    if moment.year < YEAR_MIN:
        errors.append(FieldError("signed_at", "range", _("That is too long ago.")))
    elif moment > now():
        errors.append(FieldError("signed_at", "future", _("Not in the future.")))
    if errors:
        raise Invalid(errors=errors)
