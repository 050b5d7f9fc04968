"""Organisations, their set-up and their migrations in the staff console."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from shared.kernel.console import ConsoleAdmin, action, answer_dialog, display, staff_site
from shared.organisations.models import MigrationState, Organisation, ProvisioningJob
from shared.organisations.services import life

STATE_COLOURS = {
    "active": "success",
    "done": "success",
    "suspended": "danger",
    "failed": "danger",
    "deleting": "warning",
    "undoing": "warning",
    "provisioning": "info",
    "running": "info",
}
State = Organisation.State


class ReasonForm(BaseDialogForm):  # type: ignore[misc]
    """Why an organisation is suspended."""

    reason = forms.CharField(
        label=gettext_lazy("Reason, shown to whoever comes to the address"),
        max_length=life.REASON_LENGTH_MAX,
        widget=UnfoldAdminTextareaWidget,
    )


@admin.register(Organisation, site=staff_site)
class OrganisationAdmin(ConsoleAdmin):
    """Organisations with what can be done to each."""

    permission = "organisations.read"
    list_display = ("name", "subdomain", "show_state", "show_plan", "owner_email", "created_at")
    list_filter = ("state", "subscription__plan_version__plan", "language")
    search_fields = ("name", "subdomain", "schema_name", "owner_email")
    list_select_related = ("subscription__plan_version__plan",)
    ordering = ("-created_at",)
    fields = (
        "name",
        "subdomain",
        "schema_name",
        "database_role",
        "state",
        "state_reason",
        "show_plan",
        "owner_email",
        "language",
        "time_zone",
        "created_at",
        "delete_after",
    )
    actions_detail = ("suspend", "reactivate", "request_deletion", "undo_deletion")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organisation]:
        """All but the ready-made spare ones, which are nobody's yet."""
        rows: QuerySet[Organisation] = super().get_queryset(request)
        return rows.exclude(state=State.SPARE)

    @display(description=gettext_lazy("State"), ordering="state", label=STATE_COLOURS)
    def show_state(self, organisation: Organisation) -> tuple[str, str]:
        """Coloured by the state."""
        return organisation.state, organisation.get_state_display()

    @display(description=gettext_lazy("Plan"))
    def show_plan(self, organisation: Organisation) -> str:
        """Plan and version it signed."""
        subscription = getattr(organisation, "subscription", None)
        return str(subscription.plan_version) if subscription else "—"

    def has_suspend_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offered for active ones."""
        return _may(request, object_id, State.ACTIVE)

    def has_reactivate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offered for suspended ones."""
        return _may(request, object_id, State.SUSPENDED)

    def has_end_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offered for those that are not about to end."""
        return _may(request, object_id, *life.LIVE)

    def has_keep_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offered for those that are about to end."""
        return _may(request, object_id, State.DELETING)

    @action(
        description=gettext_lazy("Suspend"),
        permissions=["suspend"],
        icon="pause_circle",
        variant=ActionVariant.WARNING,
        dialog={
            "title": gettext_lazy("Suspend this organisation?"),
            "description": gettext_lazy("Its pages and its API close now. Nothing is lost."),
            "form_class": ReasonForm,
            "form_submit_text": gettext_lazy("Suspend"),
        },
    )
    def suspend(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Close it for a reason."""
        return _answer(
            request,
            object_id,
            _("The organisation is suspended."),
            life.suspend_organisation,
            reason=form.cleaned_data["reason"],
        )

    @action(
        description=gettext_lazy("Reactivate"),
        permissions=["reactivate"],
        icon="play_circle",
        dialog={
            "title": gettext_lazy("Reactivate this organisation?"),
            "description": gettext_lazy("Its pages and its API open again."),
            "form_class": None,
            "form_submit_text": gettext_lazy("Reactivate"),
        },
    )
    def reactivate(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """End the suspension."""
        done = _("The organisation is active again.")
        return _answer(request, object_id, done, life.reactivate_organisation)

    @action(
        description=gettext_lazy("Delete in 30 days"),
        permissions=["end"],
        icon="delete",
        variant=ActionVariant.DANGER,
        dialog={
            "title": gettext_lazy("Delete this organisation in 30 days?"),
            "description": gettext_lazy(
                "It closes now. In 30 days its keys, its schema and its role are destroyed."
            ),
            "form_class": None,
            "form_submit_text": gettext_lazy("Delete in 30 days"),
        },
    )
    def request_deletion(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Begin the 30 days."""
        done = _("The organisation will be deleted in 30 days.")
        return _answer(request, object_id, done, life.request_deletion)

    @action(
        description=gettext_lazy("Undo deletion"),
        permissions=["keep"],
        icon="undo",
        dialog={
            "title": gettext_lazy("Keep this organisation?"),
            "description": gettext_lazy("It returns to the state it had before."),
            "form_class": None,
            "form_submit_text": gettext_lazy("Keep it"),
        },
    )
    def undo_deletion(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """End the 30 days before their time."""
        return _answer(request, object_id, _("The organisation stays."), life.undo_deletion)


@admin.register(ProvisioningJob, site=staff_site)
class ProvisioningJobAdmin(ConsoleAdmin):
    """Set-ups, with what made a failed one fail."""

    permission = "jobs.read"
    list_display = ("subdomain", "show_status", "attempts", "created_at", "finished_at")
    list_filter = ("status",)
    search_fields = ("subdomain", "organisation_name", "owner_email")
    fields = (
        "organisation_name",
        "subdomain",
        "owner_email",
        "status",
        "steps_done",
        "error",
        "attempts",
        "leased_until",
        "created_at",
        "finished_at",
    )

    @display(description=gettext_lazy("Status"), ordering="status", label=STATE_COLOURS)
    def show_status(self, job: ProvisioningJob) -> tuple[str, str]:
        """Coloured by the status."""
        return job.status, job.get_status_display()


@admin.register(MigrationState, site=staff_site)
class MigrationStateAdmin(ConsoleAdmin):
    """How far the migrations of each schema are."""

    permission = "jobs.read"
    list_display = ("schema_name", "show_status", "version", "started_at", "finished_at")
    list_filter = ("status",)
    search_fields = ("schema_name",)
    fields = ("schema_name", "status", "version", "error", "started_at", "finished_at")

    @display(description=gettext_lazy("Status"), ordering="status", label=STATE_COLOURS)
    def show_status(self, state: MigrationState) -> tuple[str, str]:
        """Coloured by the status."""
        return state.status, state.get_status_display()


def _may(request: HttpRequest, object_id: Any, *states: Organisation.State) -> bool:
    """Whether the actor may change organisations and this one is in such a state."""
    if not request.actor.may("organisations.write"):  # type: ignore[attr-defined]
        return False
    return bool(Organisation.objects.filter(pk=object_id, state__in=states).exists())


def _answer(
    request: HttpRequest, object_id: str, done: str, service: Any, **values: Any
) -> HttpResponse:
    back = reverse("admin:organisations_organisation_change", args=[object_id])
    response: HttpResponse = answer_dialog(
        request, back, done, service, organisation_id=object_id, **values
    )
    return response
