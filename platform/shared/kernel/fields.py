"""Model fields and validators of the domain. Source: `domain.md` 1 and 2."""

import json
from decimal import Decimal
from typing import Any

import msgspec
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from shared.kernel.wording import Wording, wording_from_json, wording_of


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

    def __init__(
        self,
        *args: Any,
        prefix: str = "",
        digits: int = 0,
        chosen_by_people: bool = False,
        **kwargs: Any,
    ) -> None:
        self.prefix, self.digits, self.chosen_by_people = prefix, digits, chosen_by_people
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
        kwargs.update(prefix=self.prefix, digits=self.digits)
        return name, path, args, kwargs


class _ExactEncoder(json.JSONEncoder):
    """Decimals become JSON numbers with every digit they have."""

    def encode(self, o: Any) -> str:
        return _EXACT.encode(o).decode()


class _ExactDecoder(json.JSONDecoder):
    """JSON numbers with a fraction become Decimals, never floats."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "parse_float": Decimal})


_EXACT = msgspec.json.Encoder(decimal_format="number")


def exact_json(value: Any) -> str:
    """JSON text with every digit of each Decimal, as an ExactJSONField stores it."""
    return _EXACT.encode(value).decode()


class ExactJSONField(models.JSONField[Any, Any]):
    """JSON whose numbers are exact: stored as jsonb numerics, read back as Decimal or int."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(encoder=_ExactEncoder, decoder=_ExactDecoder)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """Encoder and decoder belong to the field itself."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("encoder", None)
        kwargs.pop("decoder", None)
        return name, path, args, kwargs


class WordingField(models.JSONField[Any, Any]):
    """Keeps a Wording as jsonb and gives it back; text is kept as it is.

    `max_length` cuts text that came from elsewhere. Empty is "", never NULL.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"default": str, **kwargs})

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Wording:
        """The Wording that was kept."""
        return wording_from_json(super().from_db_value(value, expression, connection))

    def get_prep_value(self, value: Any) -> Any:
        """Its JSON; expressions stay what they are."""
        if hasattr(value, "resolve_expression"):
            return value
        wording = wording_of("" if value is None else value)
        if wording.values is None and self.max_length is not None:
            return wording.text[: self.max_length]
        return wording.as_json()


class WordingsField(models.JSONField[Any, Any]):
    """Keeps a list of Wordings as jsonb and gives it back."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"default": list, **kwargs})

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> list[Wording]:
        """The Wordings that were kept."""
        kept = super().from_db_value(value, expression, connection)
        return [wording_from_json(one) for one in kept]

    def get_prep_value(self, value: Any) -> Any:
        """Their JSON; expressions stay what they are."""
        if hasattr(value, "resolve_expression"):
            return value
        return [wording_of(one).as_json() for one in value]
