"""Model fields and validators of the domain. Source: `domain.md` 1 and 2."""

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class MoneyField(models.DecimalField[Any, Any]):
    """An amount, NUMERIC(19,4); its currency stands beside it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=19, decimal_places=4)
        super().__init__(*args, **kwargs)


class RateField(models.DecimalField[Any, Any]):
    """A rate or a number of hours, 4 decimals."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=15, decimal_places=4)
        super().__init__(*args, **kwargs)


class FractionField(models.DecimalField[Any, Any]):
    """A percentage as a fraction (0.15 for 15 %), 6 decimals."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=9, decimal_places=6)
        super().__init__(*args, **kwargs)


class CodeField(models.CharField[Any, Any]):
    """A public identifier such as SITE000001: `prefix` and a fixed number of digits."""

    def __init__(self, *args: Any, prefix: str = "", digits: int = 0, **kwargs: Any) -> None:
        self.prefix, self.digits = prefix, digits
        kwargs.setdefault("max_length", len(prefix) + digits)
        kwargs.setdefault("unique", True)
        kwargs.setdefault(
            "validators",
            [
                RegexValidator(
                    rf"^{prefix}[0-9]{{{digits}}}\Z",
                    _("Use %(form)s.") % {"form": prefix + "#" * digits},
                )
            ],
        )
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """Migrations keep the column; prefix and digits rebuild the validator."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("validators", None)
        return name, path, args, {**kwargs, "prefix": self.prefix, "digits": self.digits}
