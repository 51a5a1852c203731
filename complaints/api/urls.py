from rest_framework.routers import SimpleRouter

from complaints.api.complaints import ComplaintViewSet, RootCauseViewSet
from complaints.api.escalation import EscalationPolicyViewSet, EscalationViewSet
from complaints.api.routing import RoutingRuleViewSet
from complaints.api.sla_policies import SLAPolicyViewSet
from complaints.api.transfers import ComplaintPassedViewSet, ComplaintTransferViewSet

router = SimpleRouter()
router.register("complaints", ComplaintPassedViewSet, basename="complaint-passed")
router.register("complaint-transfers", ComplaintTransferViewSet)
router.register("routing-rules", RoutingRuleViewSet)
router.register("sla-policies", SLAPolicyViewSet)
router.register("escalation-policies", EscalationPolicyViewSet)
router.register("escalations", EscalationViewSet)
router.register("complaints", ComplaintViewSet)
router.register("root-causes", RootCauseViewSet)
urlpatterns = [*router.urls]
