"""Views of lists that people keep: filters, order and columns under a name."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from shared.kernel.models import Row

NAME_MAX = 80
OWNER_MAX = 100


class SavedView(Row):
    """One list as somebody wants to see it again; `query` is read through `ListSpec.clean`."""

    list_name = models.CharField(max_length=20)
    owner = models.CharField(max_length=OWNER_MAX, help_text="Id of the actor who keeps it.")
    name = models.CharField(_("name"), max_length=NAME_MAX)
    is_shared = models.BooleanField(_("shared with the organisation"), default=False)
    query: "models.JSONField[Any, Any]" = models.JSONField(
        default=dict, help_text="Values by parameter of the list's address."
    )

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["list_name", "owner", "name"], name="one_view_a_name_and_person"
            ),
        )
        indexes = (
            models.Index(
                fields=["list_name"],
                condition=models.Q(is_shared=True),
                name="shared_view_by_list",
            ),
        )

    def __str__(self) -> str:
        return self.name


class DefaultView(Row):
    """The view with which a list opens for one person; it may be somebody else's shared one."""

    list_name = models.CharField(max_length=20)
    owner = models.CharField(max_length=OWNER_MAX)
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="defaults")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["list_name", "owner"], name="one_default_view_a_list_and_person"
            ),
        )

    def __str__(self) -> str:
        return f"{self.list_name} {self.view_id}"
