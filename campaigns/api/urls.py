from django.urls import re_path
from rest_framework.routers import SimpleRouter

from campaigns.api.attempts import AttemptViewSet, CampaignResultsViewSet
from campaigns.api.conversions import CampaignCollectedViewSet, ConversionViewSet, PromiseViewSet

ONE_CAMPAIGN, ONE_ATTEMPT = r"^campaigns/(?P<pk>[^/.]+)/", r"^attempts/(?P<pk>[^/.]+)/"
collected = CampaignCollectedViewSet.as_view({"get": "collected", "post": "collect"})
router = SimpleRouter()
router.register("attempts", AttemptViewSet)
router.register("conversions", ConversionViewSet)
urlpatterns = [
    re_path(ONE_CAMPAIGN + r"collected/$", collected, name="campaign-collected"),
    re_path(ONE_CAMPAIGN + r"results/$", CampaignResultsViewSet.as_view({"post": "report_results"}), name="campaign-report-results"),
    re_path(ONE_ATTEMPT + r"promise/$", PromiseViewSet.as_view({"post": "promise"}), name="attempt-promise"),
    *router.urls,
]
