from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from complaints.api.reports import ComplaintReportViewSet
from complaints.api.satisfaction import ComplaintSatisfactionViewSet, SatisfactionViewSet

router = SimpleRouter()
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
    re_path(
        r"^complaints/(?P<pk>[^/.]+)/satisfaction/$",
        ComplaintSatisfactionViewSet.as_view({"get": "satisfaction", "post": "satisfaction_answer"}),
        name="complaint-satisfaction",
    ),
    re_path(
        r"^complaints/(?P<pk>[^/.]+)/satisfaction/decline/$",
        ComplaintSatisfactionViewSet.as_view({"post": "satisfaction_decline"}),
        name="complaint-satisfaction-decline",
    ),
    re_path(
        r"^complaints/(?P<pk>[^/.]+)/satisfaction-link/$",
        ComplaintSatisfactionViewSet.as_view({"post": "satisfaction_link"}),
        name="complaint-satisfaction-link",
    ),
    *(
        path(f"reports/complaints/{name}/", ComplaintReportViewSet.as_view({"get": action}), name=f"report-complaints-{name}")
        for name, action in REPORTS.items()
    ),
    *router.urls,
]
