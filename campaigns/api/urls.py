from rest_framework.routers import SimpleRouter

from campaigns.api.survey_responses import SurveyResponseViewSet
from campaigns.api.surveys import SurveyVersionViewSet, SurveyViewSet

router = SimpleRouter()
router.register("surveys", SurveyViewSet)
router.register("survey-versions", SurveyVersionViewSet)
router.register("survey-responses", SurveyResponseViewSet)
urlpatterns = router.urls
