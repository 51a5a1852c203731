"""Recipes of results of campaigns."""

from tests.contract.recipes.asked import Asked, recipe
from tests.factories.campaigns import ConversionFactory


@recipe("campaigns_results")
def results() -> Asked:
    return Asked(ConversionFactory(amount=100, currency="RUB", attempt__state="closed", attempt__closing="result").campaign)


@recipe("reports_campaigns")
def side_by_side() -> Asked:
    ConversionFactory()
    return Asked()
