"""Recipes of results of campaigns."""

from tests.contract.recipes.asked import Asked, recipe
from tests.factories.campaigns import CampaignFactory, ConversionFactory, SurveyResponseFactory
from tests.factories.orders import OrderFactory


@recipe("campaigns_results")
def results() -> Asked:
    return Asked(ConversionFactory(amount=100, currency="RUB", attempt__state="closed", attempt__closing="result").campaign)


@recipe("reports_campaigns")
def side_by_side() -> Asked:
    ConversionFactory()
    return Asked()


@recipe("campaigns_trend")
def in_the_course_of_time() -> Asked:
    return Asked(ConversionFactory().campaign, query={"since": "2026-11-23", "until": "2026-11-24", "interval": "1h", "agent": "me"})


@recipe("reports_origins")
def what_came_of_what() -> Asked:
    ConversionFactory(), OrderFactory(status="placed"), SurveyResponseFactory(campaign=CampaignFactory())
    return Asked(query={"since": "2026-11-01", "until": "2026-12-31", "time_zone": "Europe/Moscow"})
