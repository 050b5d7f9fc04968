"""Pages about oneself: accepting an invitation, profile, language, security."""

from allauth.account.utils import perform_login
from allauth.usersessions.internal.flows.sessions import end_other_sessions as end_others
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shared.accounts import selectors
from shared.accounts.devices import device_name
from shared.accounts.forms import AcceptForm, LanguageForm, ProfileForm, add_problem
from shared.accounts.models import User
from shared.accounts.services import invitations, people
from shared.accounts.sites import default_time_zone
from shared.kernel.api import ApiRequest
from shared.kernel.errors import Conflict, Unauthenticated

LANGUAGE_COOKIE_AGE = 365 * 24 * 3600


@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
def accept_invitation(request: ApiRequest, token: str) -> HttpResponse:
    """The page an invitation's link leads to."""
    invitation = invitations.find_invitation(token)
    account = User.objects.filter(email__iexact=invitation.email).first()
    if account is not None:
        return _join(request, token, account)
    data = request.POST if request.method == "POST" else None
    form = AcceptForm(data, email=invitation.email)
    if data is not None and form.is_valid():
        try:
            user = invitations.accept_invitation(
                actor=request.actor,
                token=token,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password1"],
                language=translation.get_language(),
                time_zone=default_time_zone(),
            )
        except Conflict as error:
            add_problem(form, error)
        else:
            logout(request)  # somebody else's session may still be open in this browser
            response: HttpResponse = perform_login(request, user)
            return response
    context = {"invitation": invitation, "form": form}
    return render(request, "accounts/accept_invitation.html", context)


def _join(request: ApiRequest, token: str, account: User) -> HttpResponse:
    """The invited address has an account here: its owner signs in and takes the role."""
    invitation = invitations.find_invitation(token)
    own = request.actor.user_id == account.pk
    if own and request.method == "POST":
        invitations.join_by_invitation(actor=request.actor, token=token)
        return redirect(settings.LOGIN_REDIRECT_URL)
    context = {"invitation": invitation, "own": own}
    return render(request, "accounts/join.html", context)


@require_http_methods(["GET", "POST"])
def edit_profile(request: ApiRequest) -> HttpResponse:
    """Name, language, time zone."""
    user = _person(request)
    data = request.POST if request.method == "POST" else None
    form = ProfileForm(data, instance=user)
    if data is not None and form.is_valid():
        people.change_profile(actor=request.actor, **form.cleaned_data)
        with translation.override(form.cleaned_data["language"]):
            messages.success(request, _("Your profile was saved."))
        return redirect("my_account")
    return render(request, "accounts/profile.html", {"form": form, "user_email": user.email})


@require_safe
def show_security(request: ApiRequest) -> HttpResponse:
    """Password, second factors, sessions."""
    user = _person(request)
    security = selectors.security_of(user)
    context = {
        "security": security,
        "sessions": [(one, device_name(one.user_agent)) for one in security.sessions],
        "current_session_key": request.session.session_key,
    }
    return render(request, "accounts/security.html", context)


@require_POST
def end_session(request: ApiRequest, session_id: int) -> HttpResponse:
    """End one of one's own sessions."""
    people.end_session(actor=request.actor, session_id=session_id)
    messages.success(request, _("That session was ended."))
    return redirect("security")


@require_POST
def end_other_sessions(request: ApiRequest) -> HttpResponse:
    """End all of one's sessions but this."""
    end_others(request, _person(request))
    messages.success(request, _("All other sessions were ended."))
    return redirect("security")


@require_POST
def set_language(request: ApiRequest) -> HttpResponse:
    """Remember a language for this browser, and for the person who is signed in."""
    form = LanguageForm(request.POST)
    target = request.POST.get("next", "")
    is_path = target.startswith("/")  # anything else may be the name of a page to Django
    if not is_path or not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        target = "/"
    response: HttpResponse = HttpResponseRedirect(target)
    if form.is_valid():
        language = form.cleaned_data["language"]
        if request.actor.user_id is not None:
            people.change_language(actor=request.actor, language=language)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=LANGUAGE_COOKIE_AGE,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
    return response


def _person(request: ApiRequest) -> User:
    """Whoever is signed in. Raises Unauthenticated."""
    if not isinstance(request.user, User):
        raise Unauthenticated()
    return request.user
