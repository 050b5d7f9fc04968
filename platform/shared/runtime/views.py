"""Probes for the machine that runs us, metrics, and the mailbox of a development machine."""

from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

import django_prometheus.exports
from django.conf import settings
from django.core.cache import cache as redis_cache
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from shared.kernel.tenancy import PUBLIC_SCHEMA, shared_context
from shared.organisations.models import MigrationState
from shared.organisations.provisioning import current_version
from shared.runtime import mailbox

OK, DOWN = "ok", "down"


def healthz(_request: HttpRequest) -> HttpResponse:
    """This process answers; says nothing of what it depends on, so nobody restarts it for that."""
    return JsonResponse({"status": OK})


def readyz(_request: HttpRequest) -> HttpResponse:
    """200 where database, Redis and the public schema's migrations are there, else 503."""
    checks = {"database": _database, "redis": _redis, "migrations": _migrations}
    found = {name: OK if _passes(check) else DOWN for name, check in checks.items()}
    ready = set(found.values()) == {OK}
    return JsonResponse(
        {"status": OK if ready else DOWN, "checks": found}, status=200 if ready else 503
    )


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics, for scrapers in METRICS_NETWORKS only.

    What comes through the proxy carries X-Forwarded-For and is refused whoever sent it: the
    proxy's own address is an internal one.
    """
    if "X-Forwarded-For" in request.headers or not _is_internal(request.META.get("REMOTE_ADDR")):
        return HttpResponse(status=404)
    response: HttpResponse = django_prometheus.exports.ExportToDjangoView(request)
    return response


@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    """The e-mails this machine wrote into files, the newest first. Development only."""
    _require_mailbox()
    context = {"mails": mailbox.list_mails(), "limit": mailbox.MAILS_MAX}
    return render(request, "runtime/mail.html", context)


@require_safe
def mail_detail(request: HttpRequest, name: str) -> HttpResponse:
    """One e-mail with its text and its links. Development only."""
    _require_mailbox()
    mail = mailbox.read_mail(name)
    if mail is None:
        raise Http404
    head = [
        (_("From"), mail.sender),
        (_("To"), mail.recipients),
        (_("Attachments"), ", ".join(mail.attachments)),
    ]
    return render(request, "runtime/mail_detail.html", {"mail": mail, "head": head})


@require_safe
@xframe_options_sameorigin
def mail_html(_request: HttpRequest, name: str) -> HttpResponse:
    """An e-mail's HTML part for the sandboxed frame of its page: no script, no form, no network."""
    _require_mailbox()
    mail = mailbox.read_mail(name)
    if mail is None or not mail.html:
        raise Http404
    response = HttpResponse(mail.html)
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; "
        "frame-ancestors 'self'"
    )
    return response


def _require_mailbox() -> None:
    if not getattr(settings, "DEVELOPMENT_MAILBOX", False):
        raise Http404


def _passes(check: Any) -> bool:
    try:
        return bool(check())
    except Exception:  # whatever it is, we are not ready
        return False


def _database() -> bool:
    with shared_context(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _redis() -> bool:
    redis_cache.set("readyz", OK, timeout=10)
    return bool(redis_cache.get("readyz") == OK)


def _migrations() -> bool:
    with shared_context():
        return MigrationState.objects.filter(
            schema_name=PUBLIC_SCHEMA,
            status=MigrationState.Status.DONE,
            version=_public_version(),
        ).exists()


@cache
def _public_version() -> str:
    return current_version(PUBLIC_SCHEMA)


def _is_internal(peer: str | None) -> bool:
    try:
        address = ip_address(peer or "")
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ip_network(network) for network in settings.METRICS_NETWORKS)
