from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from complaints.api.attachments import AttachmentViewSet, ComplaintAttachmentViewSet
from complaints.api.complaints import ComplaintViewSet, RootCauseViewSet
from complaints.api.escalation import EscalationPolicyViewSet, EscalationViewSet
from complaints.api.links import ComplaintLinkViewSet
from complaints.api.messages import ComplaintMessageViewSet
from complaints.api.reports import ComplaintReportViewSet
from complaints.api.routing import RoutingRuleViewSet
from complaints.api.satisfaction import ComplaintSatisfactionViewSet, SatisfactionViewSet
from complaints.api.sla_policies import SLAPolicyViewSet
from complaints.api.suggestions import SuggestionViewSet
from complaints.api.transfers import ComplaintPassedViewSet, ComplaintTransferViewSet

ONE = r"^complaints/(?P<pk>[^/.]+)/"
links = ComplaintLinkViewSet.as_view
satisfaction = ComplaintSatisfactionViewSet.as_view
router = SimpleRouter()
router.register("complaints", ComplaintPassedViewSet, basename="complaint-passed")
router.register("complaint-transfers", ComplaintTransferViewSet)
router.register("routing-rules", RoutingRuleViewSet)
router.register("sla-policies", SLAPolicyViewSet)
router.register("escalation-policies", EscalationPolicyViewSet)
router.register("escalations", EscalationViewSet)
router.register("complaints", ComplaintViewSet)
router.register("root-causes", RootCauseViewSet)
router.register("attachments", AttachmentViewSet)
router.register("satisfaction", SatisfactionViewSet)
REPORTS = {
    "open": "complaints_open",
    "promises": "complaints_promises",
    "times": "complaints_times",
    "outcomes": "complaints_outcomes",
    "root-causes": "complaints_root_causes",
    "redress": "complaints_redress",
    "repeated": "complaints_repeated",
    "satisfaction": "complaints_satisfaction",
}
urlpatterns = [
    path("complaints/suggestions/", SuggestionViewSet.as_view({"get": "suggest"}), name="complaint-suggest"),
    re_path(ONE + r"suggestions/$", SuggestionViewSet.as_view({"get": "suggestions"}), name="complaint-suggestions"),
    re_path(ONE + r"messages/$", ComplaintMessageViewSet.as_view({"get": "messages", "post": "write"}), name="complaint-messages"),
    re_path(
        ONE + r"attachments/$", ComplaintAttachmentViewSet.as_view({"get": "attachments", "post": "attach"}), name="complaint-attachments"
    ),
    re_path(ONE + r"watchers/$", links({"get": "watchers"}), name="complaint-watchers"),
    re_path(ONE + r"watch/$", links({"post": "watch"}), name="complaint-watch"),
    re_path(ONE + r"unwatch/$", links({"post": "unwatch"}), name="complaint-unwatch"),
    re_path(ONE + r"links/$", links({"get": "links"}), name="complaint-links"),
    re_path(ONE + r"link/$", links({"post": "link"}), name="complaint-link"),
    re_path(ONE + r"unlink/$", links({"post": "unlink"}), name="complaint-unlink"),
    re_path(ONE + r"join-to/$", links({"post": "join_to"}), name="complaint-join-to"),
    re_path(ONE + r"satisfaction/$", satisfaction({"get": "satisfaction", "post": "satisfaction_answer"}), name="complaint-satisfaction"),
    re_path(ONE + r"satisfaction/decline/$", satisfaction({"post": "satisfaction_decline"}), name="complaint-satisfaction-decline"),
    re_path(ONE + r"satisfaction-link/$", satisfaction({"post": "satisfaction_link"}), name="complaint-satisfaction-link"),
    *(
        path(f"reports/complaints/{name}/", ComplaintReportViewSet.as_view({"get": action}), name=f"report-complaints-{name}")
        for name, action in REPORTS.items()
    ),
    *router.urls,
]
