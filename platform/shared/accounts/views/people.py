"""Pages: people, invitations, roles."""

from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shared.accounts import role_matrix, selectors
from shared.accounts.forms import InvitationForm, PeopleFilterForm, RoleChoiceForm, add_problem
from shared.accounts.models import User
from shared.accounts.services import invitations, people
from shared.kernel.api import ApiRequest, Paging, Slice, paginate
from shared.kernel.authorisation import authorize, authorize_form
from shared.kernel.errors import Conflict, Invalid

ROWS_A_PAGE = 50
INVITATIONS_MAX = 200


@require_safe
def list_people(request: ApiRequest) -> HttpResponse:
    """Who belongs here, who is invited."""
    actor = request.actor
    authorize(actor, "people.read")
    form = PeopleFilterForm(request.GET)
    page = _page(request, selectors.people(actor, **form.wanted()))
    context = {
        "form": form,
        "people": page.items,
        "next": page.next,
        "invitations": selectors.open_invitations(actor)[:INVITATIONS_MAX],
        "may_change": actor.may("people.write"),
    }
    return render(request, "accounts/people.html", context)


def _page(request: ApiRequest, rows: QuerySet[User]) -> Slice[User]:
    """A cursor that is none of ours starts at the first row again."""
    cursor = request.GET.get("cursor", "")[:1000] or None
    asked = Paging(limit=ROWS_A_PAGE, cursor=cursor, ordering=None)
    try:
        return paginate(rows, asked, orderings=("email",), default="email")
    except Invalid:
        first = asked.model_copy(update={"cursor": None})
        return paginate(rows, first, orderings=("email",), default="email")


@require_http_methods(["GET", "POST"])
def invite_person(request: ApiRequest) -> HttpResponse:
    """Invite somebody with a role."""
    authorize(request.actor, "people.write")
    form = InvitationForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = invitations.invite_person(actor=request.actor, **form.cleaned_data)
        except (Conflict, Invalid) as error:
            add_problem(form, error)
        else:
            messages.success(request, _("Invitation sent to %(email)s.") % {"email": invitation})
            return redirect("people")
    return render(request, "accounts/invite.html", {"form": form})


@require_POST
def resend_invitation(request: ApiRequest, invitation_id: UUID) -> HttpResponse:
    """Send a fresh link."""
    invitation = invitations.resend_invitation(actor=request.actor, invitation_id=invitation_id)
    messages.success(request, _("Invitation sent again to %(email)s.") % {"email": invitation})
    return redirect("people")


@require_POST
def revoke_invitation(request: ApiRequest, invitation_id: UUID) -> HttpResponse:
    """Withdraw an offer."""
    invitation = invitations.revoke_invitation(actor=request.actor, invitation_id=invitation_id)
    messages.success(request, _("Invitation of %(email)s withdrawn.") % {"email": invitation})
    return redirect("people")


@require_http_methods(["GET", "POST"])
def edit_person(request: ApiRequest, user_id: UUID) -> HttpResponse:
    """One person: their role, and whether they may sign in."""
    actor = request.actor
    authorize_form(request, see="people.read", change="people.write")
    user = selectors.person(actor, user_id)
    data = request.POST if request.method == "POST" else None
    form = RoleChoiceForm(data, actor=actor, initial={"role": user.role})
    if data is not None and form.is_valid():
        try:
            people.change_role(actor=actor, user_id=user_id, **form.cleaned_data)
        except Conflict as error:
            add_problem(form, error)
        else:
            messages.success(request, _("%(name)s has a new role.") % {"name": user})
            return redirect("people")
    context = {"person": user, "form": form, "may_change": actor.may("people.write")}
    return render(request, "accounts/person.html", context)


@require_POST
def deactivate_person(request: ApiRequest, user_id: UUID) -> HttpResponse:
    """Bar a person and end their sessions."""
    user = people.deactivate_person(actor=request.actor, user_id=user_id)
    messages.success(request, _("%(name)s can no longer sign in.") % {"name": user})
    return redirect("people")


@require_POST
def reactivate_person(request: ApiRequest, user_id: UUID) -> HttpResponse:
    """Let a person sign in again."""
    user = people.reactivate_person(actor=request.actor, user_id=user_id)
    messages.success(request, _("%(name)s can sign in again.") % {"name": user})
    return redirect("people")


@require_safe
def show_roles(request: ApiRequest) -> HttpResponse:
    """What each role may do."""
    authorize(request.actor, "organisation.read")
    context = {"roles": role_matrix.role_columns(), "areas": role_matrix.area_rows()}
    return render(request, "accounts/roles.html", context)
