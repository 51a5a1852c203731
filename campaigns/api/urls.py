from django.urls import re_path
from rest_framework.routers import SimpleRouter

from campaigns.api.conversions import CampaignCollectedViewSet, ConversionViewSet, PromiseViewSet

ONE_CAMPAIGN, ONE_ATTEMPT = r"^campaigns/(?P<pk>[^/.]+)/", r"^attempts/(?P<pk>[^/.]+)/"
router = SimpleRouter()
router.register("conversions", ConversionViewSet)
urlpatterns = [
    re_path(
        ONE_CAMPAIGN + r"collected/$", CampaignCollectedViewSet.as_view({"get": "collected", "post": "collect"}), name="campaign-collected"
    ),
    re_path(ONE_ATTEMPT + r"promise/$", PromiseViewSet.as_view({"post": "promise"}), name="attempt-promise"),
    *router.urls,
]
