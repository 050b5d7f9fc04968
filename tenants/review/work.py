"""Telling people by e-mail of what has waited for one of them too long.

Source: seed 002, Monitoring and Alerting: automated escalation.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from shared.accounts.models import User
from shared.accounts.permissions import permissions_of_role
from shared.accounts.roles import Role
from shared.accounts.sites import site_name, site_url
from shared.accounts.tasks import deliver_mail
from shared.kernel.clock import now
from tenants.review.kinds import kind_of
from tenants.review.models import ReviewItem

TOO_LONG = timedelta(days=1)
ITEMS_MAX = 1_000
PEOPLE_MAX = 100
ROLES = (Role.OWNER, Role.TENANT_ADMIN, Role.BILLING_MANAGER)


def escalate() -> int:
    """Tell of each item once that has been open for a day; to how many people an e-mail goes.

    Each hears only of kinds that the person may look after. Safe to run twice.
    """
    with transaction.atomic():
        waiting = ReviewItem.objects.select_for_update(skip_locked=True).filter(
            status=ReviewItem.Status.OPEN,
            escalated_at__isnull=True,
            created_at__lte=now() - TOO_LONG,
        )
        found = list(waiting.order_by("created_at")[:ITEMS_MAX])
        if not found:
            return 0
        ReviewItem.objects.filter(pk__in=[one.pk for one in found]).update(escalated_at=now())
        counts = Counter(one.kind for one in found)
        people = User.objects.filter(is_active=True, role__in=ROLES).order_by("email")
        told = [person for person in people[:PEOPLE_MAX] if _tell(person, counts)]
    return len(told)


def _tell(person: User, counts: Mapping[str, int]) -> bool:
    """Write to one person; False where nothing of it is for that person."""
    rights = permissions_of_role(person.role)
    with override(person.language):
        rows = [
            (kind_of(name).label, number)
            for name, number in sorted(counts.items())
            if kind_of(name).permission in rights
        ]
        if not rows:
            return False
        context = {
            "rows": rows,
            "count": sum(number for _label, number in rows),
            "organisation": site_name(),
            "url": site_url(reverse("review_list")),
        }
        subject = render_to_string("review/email/waiting_subject.txt", context)
        body = render_to_string("review/email/waiting_message.txt", context)
    to = [person.email]
    transaction.on_commit(
        lambda: deliver_mail.delay(subject=" ".join(subject.split()), body=body, to=to)
    )
    return True
