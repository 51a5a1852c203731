from django.urls import re_path
from rest_framework.routers import SimpleRouter

from campaigns.api.survey_responses import SurveyResponseViewSet
from campaigns.api.survey_results import SurveyResultsViewSet
from campaigns.api.surveys import SurveyVersionViewSet, SurveyViewSet

router = SimpleRouter()
router.register("surveys", SurveyViewSet)
router.register("survey-versions", SurveyVersionViewSet)
router.register("survey-responses", SurveyResponseViewSet)
urlpatterns = [
    re_path(r"^surveys/(?P<pk>[^/.]+)/results/$", SurveyResultsViewSet.as_view({"get": "results"}), name="survey-results"),
    *router.urls,
]
