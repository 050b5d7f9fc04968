"""Making, changing and trying the tenant's own templates."""

from dataclasses import asdict
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from shared.audit.services import record
from shared.idempotency.limits import require_allowance
from shared.kernel.actor import Actor
from shared.kernel.authorisation import authorize
from shared.kernel.errors import Conflict, FieldError, Invalid, NotFound, Text
from shared.kernel.wording import worded as _
from tenants.contracts.models import ContractType
from tenants.documents.rendering import Output, Rendered, render_contents
from tenants.review.services import close_items
from tenants.templates.contents import (
    NOTE_MAX,
    Texts,
    available_kinds,
    check_texts,
    default_texts,
    source_for,
)
from tenants.templates.models import REVIEW_KIND, DocumentTemplate, Language, TemplateVersion

VERSIONS_MAX = 1_000
PREVIEWS_PER_MINUTE = 120  # of one person: the editor asks while somebody types


def create_template(
    *, actor: Actor, kind: str, language: str, contract_type: str = ""
) -> DocumentTemplate:
    """Start the tenant's own template from a copy of the default, in use from now on.

    Raises Invalid naming each wrong field, Conflict where there is one already.
    """
    authorize(actor, "templates.write")
    _check_use(kind, language, contract_type)
    version_id = uuid4()
    with transaction.atomic():
        template = DocumentTemplate(
            kind=kind,
            contract_type=contract_type,
            language=language,
            active_version_id=version_id,
        )
        try:
            with transaction.atomic():
                template.save(force_insert=True)
        except IntegrityError as error:
            raise Conflict(_("There is a template for this already.")) from error
        _add_version(
            actor,
            template,
            default_texts(kind),
            number=1,
            note=_("Copy of the default"),
            version_id=version_id,
        )
        record(
            actor=actor,
            action="template.created",
            target=template,
            after={"kind": kind, "contract_type": contract_type, "language": language},
        )
    return template


def save_version(
    *,
    actor: Actor,
    template_id: UUID,
    texts: Texts,
    note: str = "",
    activate: bool = False,
    expected_revision: int | None = None,
) -> TemplateVersion:
    """Keep the texts as the template's next version; with `activate` put it in use.

    Raises Invalid naming each field that cannot be used, NotFound, PreconditionFailed.
    """
    authorize(actor, "templates.write")
    with transaction.atomic():
        template = _locked(template_id, expected_revision)
        _check_version(template, texts, note)
        newest = template.versions.order_by("-number").first()
        number = newest.number + 1 if newest else 1
        if number > VERSIONS_MAX:
            raise Conflict(_("A template has at most %(max)s versions.") % {"max": VERSIONS_MAX})
        version = _add_version(actor, template, texts, number=number, note=note.strip())
        before = {"version": template.active_version.number}
        if activate:
            _put_in_use(actor, template, version)
        else:
            template.save_changes()
        record(
            actor=actor,
            action="template.version_saved",
            target=template,
            before=before,
            after={"version": number, "active": activate, "note": version.note},
        )
    return version


def activate_version(
    *, actor: Actor, template_id: UUID, number: int, expected_revision: int | None = None
) -> DocumentTemplate:
    """Use this version from now on.

    Raises NotFound for an unknown one, Invalid for one that is broken, PreconditionFailed.
    """
    authorize(actor, "templates.write")
    with transaction.atomic():
        template = _locked(template_id, expected_revision)
        version = _version(template, number)
        _activate(actor, template, version, action="template.activated")
    return template


def roll_back(
    *,
    actor: Actor,
    template_id: UUID,
    number: int | None = None,
    expected_revision: int | None = None,
) -> DocumentTemplate:
    """Go back to an older version than the active one, by default the one before it.

    Raises Conflict where there is no older one, NotFound for an unknown one, Invalid for one
    that is broken, PreconditionFailed.
    """
    authorize(actor, "templates.write")
    with transaction.atomic():
        template = _locked(template_id, expected_revision)
        active = template.active_version.number
        wanted = active - 1 if number is None else number
        if wanted >= active or wanted < 1:
            raise Conflict(_("That is no version older than the active one."))
        _activate(actor, template, _version(template, wanted), action="template.rolled_back")
    return template


def use_default(
    *, actor: Actor, template_id: UUID, expected_revision: int | None = None
) -> DocumentTemplate:
    """Make documents with the default from now on; the versions are kept.

    Raises NotFound, PreconditionFailed.
    """
    authorize(actor, "templates.write")
    with transaction.atomic():
        template = _locked(template_id, expected_revision)
        if template.is_in_use:
            template.is_in_use = False
            template.save_changes("is_in_use")
            close_items(actor=actor, kind=REVIEW_KIND, target_id=template.pk)
            record(
                actor=actor,
                action="template.default_used",
                target=template,
                before={"version": template.active_version.number},
            )
    return template


def preview_template(
    *, actor: Actor, template: DocumentTemplate, texts: Texts, output: Output, example: str = ""
) -> Rendered:
    """The document as these texts make it, saved or not; nothing is kept.

    `example` is the code of an object (INV000000001), "" the sample that comes with
    InvoicePatch. Where the texts are broken, the answer says why and shows the default. Raises
    Forbidden where the actor may not read such objects, NotFound for an unknown one,
    TooManyRequests.
    """
    authorize(actor, "templates.read")
    require_allowance(f"template-preview:{actor.id}", limit=PREVIEWS_PER_MINUTE)
    source = source_for(template.kind)
    if example:
        authorize(actor, source.permission)
        found = source.examples(example)
        if not found:
            raise NotFound(_("There is no “%(code)s” to try it on.") % {"code": example})
        contents = source.load(found[0].object_id)[0]
    elif source.sample is None:
        raise NotFound(_("There is nothing to try it on yet."))
    else:
        contents = source.sample()
    return render_contents(
        contents,
        kind=source.kind,
        language=template.language,
        output=output,
        look=texts.look(template.pk),
    )


def _check_use(kind: str, language: str, contract_type: str) -> None:
    choices = {
        "kind": (kind, [str(one) for one in available_kinds()]),
        "language": (language, Language.values),
        "contract_type": (contract_type, ["", *ContractType.values]),
    }
    errors = [
        FieldError(
            field,
            "choice",
            _("Use one of: %(choices)s.") % {"choices": ", ".join(filter(None, known))},
        )
        for field, (value, known) in choices.items()
        if value not in known
    ]
    if errors:
        raise Invalid(errors=errors)


def _check_version(template: DocumentTemplate, texts: Texts, note: str) -> None:
    errors = check_texts(template.kind, template.language, texts)
    if len(note.strip()) > NOTE_MAX:
        errors.append(FieldError("note", "too_long", _("At most 200 characters.")))
    if errors:
        raise Invalid(errors=errors)


def _locked(template_id: UUID, expected_revision: int | None) -> DocumentTemplate:
    template = (
        DocumentTemplate.objects.select_for_update(of=("self",))
        .select_related("active_version")
        .filter(pk=template_id)
        .first()
    )
    if template is None:
        raise NotFound(_("There is no such template."))
    template.require_revision(expected_revision)
    return template


def _version(template: DocumentTemplate, number: int) -> TemplateVersion:
    version = template.versions.filter(number=number).first()
    if version is None:
        raise NotFound(_("There is no version %(number)s.") % {"number": number})
    return version


def _add_version(
    actor: Actor,
    template: DocumentTemplate,
    texts: Texts,
    *,
    number: int,
    note: Text,
    version_id: UUID | None = None,
) -> TemplateVersion:
    return TemplateVersion.objects.create(
        id=version_id or uuid4(),
        template=template,
        number=number,
        note=note,
        created_by=actor.label[:200],
        **asdict(texts),
    )


def _activate(
    actor: Actor, template: DocumentTemplate, version: TemplateVersion, *, action: str
) -> None:
    texts = Texts(version.html, version.text, version.subject, version.css)
    _check_version(template, texts, str(version.note))
    before = {"version": template.active_version.number, "in_use": template.is_in_use}
    _put_in_use(actor, template, version)
    record(
        actor=actor,
        action=action,
        target=template,
        before=before,
        after={"version": version.number, "in_use": True},
    )


def _put_in_use(actor: Actor, template: DocumentTemplate, version: TemplateVersion) -> None:
    template.active_version, template.is_in_use = version, True
    template.save_changes("active_version", "is_in_use")
    close_items(actor=actor, kind=REVIEW_KIND, target_id=template.pk)
