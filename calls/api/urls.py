from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from calls.api.announcements import AnnouncementViewSet
from calls.api.answer_reports import AnswerReportViewSet
from calls.api.answers import AnswerViewSet, CallAnswerViewSet, QuestionViewSet, UseViewSet
from calls.api.calls import CallViewSet
from calls.api.events import EventViewSet
from calls.api.ingest import IngestViewSet
from calls.api.phone_systems import DispositionViewSet, ExtensionViewSet, PhoneSystemViewSet
from calls.api.queues import QueueViewSet
from calls.api.script_runs import ScriptAdherenceViewSet, ScriptRunViewSet

router = SimpleRouter()
router.register("calls", CallViewSet)
router.register("phone-systems", PhoneSystemViewSet)
router.register("extensions", ExtensionViewSet)
router.register("dispositions", DispositionViewSet)
router.register("queues", QueueViewSet)
router.register("announcements", AnnouncementViewSet)
router.register("article-uses", UseViewSet)
router.register("unanswered-questions", QuestionViewSet)
router.register("script-runs", ScriptRunViewSet)
urlpatterns = [
    path("calls/events/", EventViewSet.as_view({"get": "list", "post": "create"}), name="call-events"),
    re_path(r"^calls/events/(?P<pk>[^/.]+)/replay/$", EventViewSet.as_view({"post": "replay"}), name="call-event-replay"),
    re_path(r"^calls/ingest/(?P<slug>[^/.]+)/$", IngestViewSet.as_view({"post": "create", "get": "check"}), name="call-ingest"),
    # Some phone systems put the kind of what they tell behind the address that they are given.
    re_path(
        r"^calls/ingest/(?P<slug>[^/.]+)/events/(?P<code>[\w/-]{1,100})$",
        IngestViewSet.as_view({"post": "below"}),
        name="call-ingest-below",
    ),
    re_path(r"^calls/(?P<pk>[^/.]+)/answers/$", CallAnswerViewSet.as_view({"get": "answers", "post": "answered"}), name="call-answers"),
    path("articles/answers/", AnswerViewSet.as_view({"get": "answers"}), name="ready-answers"),
    path("reports/most-asked/", AnswerReportViewSet.as_view({"get": "most_asked"}), name="report-most-asked"),
    path("reports/unanswered/", AnswerReportViewSet.as_view({"get": "unanswered"}), name="report-unanswered"),
    path("reports/script-adherence/", ScriptAdherenceViewSet.as_view({"get": "retrieve"}), name="script-adherence"),
    *router.urls,
]
