"""The price list. On the bare domain, for everybody."""

from ninja import Router

from shared.kernel.api import ApiRequest
from shared.kernel.clock import now
from shared.subscriptions.schemas import PlanOut
from shared.subscriptions.selectors import offered_versions

router = Router(tags=["Plans"])


@router.get("/plans", response=list[PlanOut], auth=None)
def list_plans(request: ApiRequest) -> list[PlanOut]:
    """The plans that can be signed today, cheapest first."""
    return [PlanOut.of(version) for version in offered_versions(on=now().date())]
