"""Programs at acme's API, and a site with the contract of the integration spec."""

from typing import Any

import pytest
from support.api import Program, active_contract, key_of, site_body


@pytest.fixture
def api(acme: Any, client_for: Any) -> Program:
    """A program with every scope."""
    return Program(client_for(acme), key_of(acme))


@pytest.fixture
def site_id(api: Program) -> str:
    """A site in Ontario with an active revenue share of 15 %."""
    site: str = api.make("/customer-sites", site_body())["site_id"]
    active_contract(api, site)
    return site
