"""Making, changing, using and leaving templates."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction

from shared.audit.models import Entry
from shared.kernel.actor import SYSTEM
from shared.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
    TooManyRequests,
)
from shared.kernel.tenancy import organisation_context
from tenants.review.models import ReviewItem
from tenants.templates import selectors, services
from tenants.templates.contents import available_kinds, check_texts, default_texts
from tenants.templates.models import DocumentTemplate, TemplateVersion
from tenants.templates.own import OwnLooks, look_of
from tenants.templates.services import (
    activate_version,
    create_template,
    preview_template,
    roll_back,
    save_version,
    use_default,
)


def actions():
    return list(Entry.objects.order_by("sequence").values_list("action", flat=True))


def save(template, texts, **options):
    return save_version(actor=SYSTEM, template_id=template.pk, texts=texts, **options)


def active(template):
    template.refresh_from_db()
    return template.active_version.number


def test_a_template_starts_as_a_copy_of_the_default(template, texts):
    version = template.versions.get()
    assert (version.number, version.html, version.text) == (1, texts.html, texts.text)
    assert (active(template), template.is_in_use) == (1, True)
    assert actions()[-1] == "template.created"


@pytest.mark.parametrize("kind", [str(kind) for kind in available_kinds()])
def test_every_default_can_be_used_as_it_is(in_acme, kind):
    for language in ("en", "fr-ca"):
        assert check_texts(kind, language, default_texts(kind)) == []


def test_there_is_one_template_a_use(template):
    with pytest.raises(Conflict):
        create_template(actor=SYSTEM, kind="invoice", language="en")
    create_template(actor=SYSTEM, kind="invoice", language="fr-ca")
    create_template(actor=SYSTEM, kind="invoice", language="en", contract_type="hybrid")
    assert DocumentTemplate.objects.count() == 3


def test_wrong_choices_are_named(in_acme):
    with pytest.raises(Invalid) as refused:
        create_template(actor=SYSTEM, kind="poem", language="de", contract_type="gift")
    assert [error.field for error in refused.value.errors] == ["kind", "language", "contract_type"]
    assert not DocumentTemplate.objects.exists()


def test_a_version_is_kept_and_used_only_when_told(template, texts):
    first = save(template, replace(texts, html="<p>one</p>"))
    assert (first.number, active(template)) == (2, 1)
    second = save(template, replace(texts, html="<p>two</p>"), activate=True, note=" Bigger ")
    assert (second.number, second.note, active(template)) == (3, "Bigger", 3)
    assert actions()[-2:] == ["template.version_saved", "template.version_saved"]


def test_each_text_is_checked_with_its_line(template, texts):
    broken = replace(
        texts, html="<p>\n{% load x %}</p>", text="{{ totl }}", css="p { cursor: none }"
    )
    with pytest.raises(Invalid) as refused:
        save(template, broken, note="n" * 201)
    assert [error.field for error in refused.value.errors] == ["html", "css", "note"]
    assert "Line 2" in str(refused.value.errors[0].message)
    with pytest.raises(Invalid) as refused:
        save(template, replace(texts, html="<p>{{ nothing }}</p>", text=" "))
    assert [(error.field, error.code) for error in refused.value.errors] == [("text", "required")]
    with pytest.raises(Invalid) as refused:
        save(template, replace(texts, html="<script></script>", text="{{ totl }}"))
    assert [error.field for error in refused.value.errors] == ["html", "text"]
    assert TemplateVersion.objects.count() == 1


def test_activating_and_rolling_back(template, texts):
    save(template, replace(texts, html="<p>two</p>"), activate=True)
    save(template, replace(texts, html="<p>three</p>"), activate=True)
    roll_back(actor=SYSTEM, template_id=template.pk)
    assert active(template) == 2
    activate_version(actor=SYSTEM, template_id=template.pk, number=3)
    assert active(template) == 3
    roll_back(actor=SYSTEM, template_id=template.pk, number=1)
    assert active(template) == 1
    assert actions()[-3:] == [
        "template.rolled_back",
        "template.activated",
        "template.rolled_back",
    ]
    for number in (None, 1, 2):
        with pytest.raises(Conflict):
            roll_back(actor=SYSTEM, template_id=template.pk, number=number)
    with pytest.raises(NotFound):
        activate_version(actor=SYSTEM, template_id=template.pk, number=4)
    assert TemplateVersion.objects.count() == 3


def test_a_broken_version_is_not_put_in_use(template, break_it):
    break_it(template, "{% load x %}")
    roll_back(actor=SYSTEM, template_id=template.pk, number=1)
    with pytest.raises(Invalid):
        activate_version(actor=SYSTEM, template_id=template.pk, number=99)
    assert active(template) == 1


def test_the_default_can_be_used_again(template):
    use_default(actor=SYSTEM, template_id=template.pk)
    use_default(actor=SYSTEM, template_id=template.pk)
    template.refresh_from_db()
    assert not template.is_in_use
    assert actions().count("template.default_used") == 1
    activate_version(actor=SYSTEM, template_id=template.pk, number=1)
    template.refresh_from_db()
    assert template.is_in_use


def test_somebody_elses_change_is_not_overwritten(template, texts):
    for change in (
        lambda: save(template, texts, expected_revision=7),
        lambda: activate_version(
            actor=SYSTEM, template_id=template.pk, number=1, expected_revision=7
        ),
        lambda: roll_back(actor=SYSTEM, template_id=template.pk, expected_revision=7),
        lambda: use_default(actor=SYSTEM, template_id=template.pk, expected_revision=7),
    ):
        with pytest.raises(PreconditionFailed):
            change()
    revision = template.revision
    save(template, texts, expected_revision=revision)
    with pytest.raises(PreconditionFailed):
        save(template, texts, expected_revision=revision)


def test_who_may_read_and_write(template, texts, actor_in):
    manager, viewer = actor_in("billing_manager"), actor_in("viewer")
    assert selectors.list_templates(actor=manager).count() == 1
    with pytest.raises(Forbidden):
        selectors.list_templates(actor=viewer)
    with pytest.raises(Forbidden):
        save_version(actor=manager, template_id=template.pk, texts=texts)
    with pytest.raises(Forbidden):
        create_template(actor=manager, kind="invoice", language="fr-ca")
    with pytest.raises(Forbidden):
        use_default(actor=manager, template_id=template.pk)
    with pytest.raises(Forbidden):
        activate_version(actor=manager, template_id=template.pk, number=1)
    with pytest.raises(Forbidden):
        roll_back(actor=manager, template_id=template.pk)


def test_trying_is_counted(template, texts, actor_in, monkeypatch):
    monkeypatch.setattr(services, "PREVIEWS_PER_MINUTE", 1)
    admin = actor_in("tenant_admin")
    preview_template(actor=admin, template=template, texts=texts, output="text")
    with pytest.raises(TooManyRequests):
        preview_template(actor=admin, template=template, texts=texts, output="text")


def test_trying_on_real_data_needs_the_right_to_read_it(template, texts, actor_in):
    admin = actor_in("tenant_admin")
    reader = replace(admin, permissions=frozenset({"templates.read"}))
    tried = preview_template(actor=reader, template=template, texts=texts, output="text")
    assert "AE-2026-000001" in tried.text
    with pytest.raises(Forbidden):
        preview_template(
            actor=reader, template=template, texts=texts, output="text", example="INV000000001"
        )
    assert list(selectors.examples_of(actor=reader, template=template)) == []
    with pytest.raises(NotFound):
        preview_template(
            actor=admin, template=template, texts=texts, output="text", example="INV000000001"
        )


def test_versions_are_never_changed(template):
    version = template.versions.get()
    for change in (
        lambda: TemplateVersion.objects.filter(pk=version.pk).update(html="other"),
        lambda: TemplateVersion.objects.filter(pk=version.pk)._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
            change()


def test_exactly_one_version_is_active_and_it_is_the_templates_own(template):
    other = create_template(actor=SYSTEM, kind="invoice", language="fr-ca")
    for wrong in (other.active_version_id, None):
        with pytest.raises(IntegrityError), transaction.atomic():
            choose(template, wrong)


def choose(template, version_id):
    """Write the active version past the services, and have the constraints look at it."""
    DocumentTemplate.objects.filter(pk=template.pk).update(active_version=version_id)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_another_organisation_has_none_of_it(template, globex, actor_in):
    looks = OwnLooks()
    with organisation_context(globex):
        admin = actor_in("tenant_admin")
        assert selectors.list_templates(actor=admin).count() == 0
        with pytest.raises(NotFound):
            selectors.template_by_id(actor=admin, template_id=template.pk)
        with pytest.raises(NotFound):
            activate_version(actor=admin, template_id=template.pk, number=1)
        from tenants.documents.looks import LookKey

        assert looks.find(LookKey(("invoice",)), "en") is None


def test_lists_ask_a_constant_number_of_questions(template, django_assert_num_queries, actor_in):
    admin = actor_in("tenant_admin")
    for language in ("fr-ca",):
        create_template(actor=SYSTEM, kind="invoice", language=language)
    with django_assert_num_queries(1):
        assert [one.active_version.number for one in selectors.list_templates(actor=admin)] == [
            1,
            1,
        ]


def test_the_review_item_closes_when_a_good_version_is_used(template, break_it):
    broken = break_it(template, "{% load x %}")
    OwnLooks().report_broken(look_of(broken), cause="Line 1", code="INV000000001")
    OwnLooks().report_broken(look_of(broken), cause="Line 1", code="INV000000002")
    item = ReviewItem.objects.get()
    assert (item.kind, item.status, item.target_id) == ("template", "open", template.pk)
    assert "INV000000002" in item.cause
    assert item.link.endswith(str(template.pk))
    roll_back(actor=SYSTEM, template_id=template.pk, number=1)
    item.refresh_from_db()
    assert item.status == "resolved"
