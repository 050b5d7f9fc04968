"""What who started a run is told when it is over."""

from dataclasses import dataclass
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse

from shared.accounts.models import User
from shared.accounts.sites import site_name, site_url
from tenants.statements.models import StatementRun
from tenants.statements.selectors.runs import run_progress


@dataclass(frozen=True)
class Notice:
    """An e-mail; `to` is empty where a program or the system started the run."""

    to: str
    subject: str
    body: str


def notice_of(run_pk: UUID) -> Notice | None:
    """The notice of a finished run; None where it was sent or the run goes on."""
    run = StatementRun.objects.filter(pk=run_pk, status=StatementRun.Status.DONE).first()
    if run is None or run.notified_at is not None:
        return None
    context = {
        "run": run,
        "progress": run_progress(run),
        "organisation": site_name(),
        "url": site_url(reverse("statement_run_detail", args=[run.pk])),
    }
    subject = render_to_string("statements/email/run_finished_subject.txt", context)
    body = render_to_string("statements/email/run_finished_message.txt", context)
    return Notice(to=_starter(run), subject=" ".join(subject.split()), body=body)


def _starter(run: StatementRun) -> str:
    """The address of the person who started the run."""
    if run.started_by.get("kind") not in ("user", "staff"):
        return ""
    user = User.objects.filter(pk=run.started_by["id"], is_active=True).first()
    return str(user.email) if user else ""
