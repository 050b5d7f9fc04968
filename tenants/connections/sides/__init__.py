"""The two kinds of records that are synchronised, each with its way on both sides."""

from tenants.connections.sides.base import Kept, Ours, Side
from tenants.connections.sides.configurations import ConfigurationSide
from tenants.connections.sides.customers import CustomerSide

SIDES: dict[str, Side] = {
    CustomerSide.record: CustomerSide(),
    ConfigurationSide.record: ConfigurationSide(),
}

__all__ = ["SIDES", "ConfigurationSide", "CustomerSide", "Kept", "Ours", "Side"]
