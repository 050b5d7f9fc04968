"""Home, prices, sign-up with its progress, and the sign-in finder. On the bare domain."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from shared.accounts.forms import add_problem
from shared.kernel.actor import SYSTEM
from shared.kernel.api import ApiRequest
from shared.kernel.clock import now
from shared.kernel.errors import Invalid
from shared.kernel.formats import format_money
from shared.organisations import selectors
from shared.organisations.forms import FinderForm, SignUpForm
from shared.organisations.limits import count_attempt
from shared.organisations.mails import read_undo_token
from shared.organisations.models import ProvisioningJob
from shared.organisations.services import life, signup
from shared.organisations.services.jobs import STEPS
from shared.organisations.services.signin import first_sign_in_url
from shared.organisations.subdomains import clean_subdomain
from shared.organisations.tasks import send_sign_in_links
from shared.organisations.views.example import make_example
from shared.subscriptions.models import PlanVersion
from shared.subscriptions.selectors import offered_versions

Status = ProvisioningJob.Status
OWN_JOB = "sign_up_job"  # in the session of the browser that signed up


@require_safe
def show_home(request: HttpRequest) -> HttpResponse:
    """What the product does and what it costs."""
    return render(request, "public/home.html", {"versions": _versions(), "example": make_example()})


@require_safe
def show_pricing(request: HttpRequest) -> HttpResponse:
    """The plans as they are offered today."""
    return render(request, "public/pricing.html", {"versions": _versions()})


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_up(request: ApiRequest) -> HttpResponse:
    """The form; posted, it leads to the progress of the set-up."""
    versions = _versions()
    initial = {
        "plan": request.GET.get("plan") or (versions[0].plan.code if versions else ""),
        "language": get_language(),
        "time_zone": "America/Toronto",
    }
    data = request.POST if request.method == "POST" else None
    form = SignUpForm(data, versions=versions, initial=initial)
    if data is not None and form.is_valid():
        try:
            job = signup.sign_up(actor=request.actor, details=form.details())
        except Invalid as error:
            add_problem(form, error)
        else:
            request.session[OWN_JOB] = str(job.id)
            return redirect("sign_up_progress", job_id=job.id)
    context = {
        "form": form,
        "plan_texts": {version.plan.code: _price(version) for version in versions},
        "base_domain": settings.BASE_DOMAIN,
    }
    status = 422 if form.is_bound else 200
    return render(request, "public/sign_up.html", context, status=status)


@never_cache
@require_safe
def check_subdomain(request: HttpRequest) -> HttpResponse:
    """The answer under the address field while it is typed."""
    text = request.GET.get("subdomain", "")
    context: dict[str, object] = {"base_domain": settings.BASE_DOMAIN}
    if text:
        try:
            context["subdomain"] = clean_subdomain(text)
            context["free"] = selectors.is_subdomain_free(str(context["subdomain"]))
        except Invalid as error:
            context["problem"] = error.errors[0].message
    return render(request, "public/subdomain_check.html", context)


@never_cache
@require_safe
def show_progress(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The steps of a set-up; once done, the browser that signed up lands signed in."""
    job = selectors.get_job(job_id)
    if job.status == Status.DONE and job.organisation is not None:
        return _leave(request, job)
    context = {"job": job, "items": _checklist(job), "failed": job.status == Status.FAILED}
    partial = request.headers.get("HX-Request") == "true"
    template = "public/progress_steps.html" if partial else "public/progress.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
def find_organisation(request: ApiRequest) -> HttpResponse:
    """To the organisation of a subdomain, or by e-mail to all of a person's organisations."""
    data = request.POST if request.method == "POST" else None
    form = FinderForm(data)
    if data is None or not form.is_valid():
        return render(request, "public/find.html", {"form": form})
    wanted = form.cleaned_data["wanted"].strip()
    count_attempt(f"find:{request.actor.ip}", limit=settings.SIGN_UPS_PER_MINUTE)
    if _is_email(wanted):
        send_sign_in_links.delay(email=wanted.lower(), language=get_language() or "en")
        return render(request, "public/find_sent.html", {"email": wanted})
    site = _find_site(wanted.removesuffix(f".{settings.BASE_DOMAIN}"))
    if site is None:
        form.add_error("wanted", _("No organisation answers at this address."))
        return render(request, "public/find.html", {"form": form}, status=422)
    return HttpResponseRedirect(site.organisation.url + reverse("account_login"))


@never_cache
@require_http_methods(["GET", "POST"])
def undo_deletion(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the deletion notice: asks first, since mail programs open links by themselves."""
    organisation_id = read_undo_token(token)
    if request.method == "POST":
        organisation = life.undo_deletion(actor=SYSTEM, organisation_id=organisation_id)
        messages.success(request, _("%(name)s stays.") % {"name": organisation.name})
        return redirect("find_organisation")
    return render(request, "public/undo_deletion.html")


def _versions() -> list[PlanVersion]:
    return offered_versions(on=now().date())


def _price(version: PlanVersion) -> str:
    price = format_money(version.price_per_month, version.currency, language=get_language() or "en")
    return _("%(price)s a month. %(first)s.") % {"price": price, "first": version.lines[0]}


def _find_site(subdomain: str) -> selectors.Site | None:
    try:
        return selectors.find_site(f"{clean_subdomain(subdomain)}.{settings.BASE_DOMAIN}")
    except Invalid:
        return None


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _leave(request: HttpRequest, job: ProvisioningJob) -> HttpResponse:
    """To the new organisation: signed in, once, from the browser that signed up."""
    organisation = job.organisation
    assert organisation is not None
    if request.session.get(OWN_JOB) == str(job.id):
        del request.session[OWN_JOB]
        url = first_sign_in_url(organisation)
    else:
        url = organisation.url + reverse("account_login")
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _checklist(job: ProvisioningJob) -> list[dict[str, str]]:
    items, waiting = [], True
    for step in STEPS:
        if step.name in job.steps_done:
            state = "done"
        else:
            state, waiting = ("now" if waiting else "later"), False
        items.append({"title": str(step.label), "state": state})
    return items
