from rest_framework.routers import SimpleRouter

from complaints.api.escalation import EscalationPolicyViewSet, EscalationViewSet

router = SimpleRouter()
router.register("escalation-policies", EscalationPolicyViewSet)
router.register("escalations", EscalationViewSet)
urlpatterns = router.urls
