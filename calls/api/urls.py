from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from calls.api.agents import AgentViewSet
from calls.api.alarms import AlarmViewSet
from calls.api.announcements import AnnouncementViewSet
from calls.api.answer_reports import AnswerReportViewSet
from calls.api.answers import AnswerViewSet, CallAnswerViewSet, QuestionViewSet, UseViewSet
from calls.api.call_requests import CallRequestViewSet
from calls.api.callbacks import CallbackViewSet
from calls.api.calls import CallViewSet
from calls.api.dispositions import DispositionReportViewSet, DispositionViewSet
from calls.api.events import EventViewSet
from calls.api.hard_calls import FairOrderViewSet, HardCallReportViewSet, HardCallViewSet
from calls.api.ingest import IngestViewSet
from calls.api.pause_codes import PauseCodeViewSet
from calls.api.phone_commands import PhoneCommandViewSet
from calls.api.phone_systems import ExtensionViewSet, PhoneSystemViewSet
from calls.api.queues import QueueViewSet
from calls.api.recordings import RecordingViewSet
from calls.api.reports import ReportViewSet
from calls.api.return_calls import ReturnCallReportViewSet, ReturnCallViewSet
from calls.api.reviews import CallReviewViewSet, QualityReportViewSet, ReviewViewSet
from calls.api.scorecards import ScorecardVersionViewSet, ScorecardViewSet
from calls.api.script_runs import ScriptAdherenceViewSet, ScriptRunViewSet
from calls.api.transfers import CallPassedViewSet, CallTransferViewSet
from calls.api.wallboard import WallboardViewSet

router = SimpleRouter()
router.register("calls", CallViewSet)
router.register("phone-systems", PhoneSystemViewSet)
router.register("call-requests", CallRequestViewSet)
router.register("extensions", ExtensionViewSet)
router.register("dispositions", DispositionViewSet)
router.register("queues", QueueViewSet)
router.register("agents", AgentViewSet)
router.register("pause-codes", PauseCodeViewSet)
router.register("callbacks", CallbackViewSet)
router.register("recordings", RecordingViewSet)
router.register("alarms", AlarmViewSet)
router.register("announcements", AnnouncementViewSet)
router.register("article-uses", UseViewSet)
router.register("unanswered-questions", QuestionViewSet)
router.register("script-runs", ScriptRunViewSet)
router.register("scorecards", ScorecardViewSet)
router.register("scorecard-versions", ScorecardVersionViewSet)
router.register("reviews", ReviewViewSet)
router.register("return-calls", ReturnCallViewSet)
router.register("call-transfers", CallTransferViewSet)
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
    re_path(r"^calls/(?P<pk>[^/.]+)/reviews/$", CallReviewViewSet.as_view({"get": "reviews", "post": "review"}), name="call-reviews"),
    re_path(r"^calls/(?P<pk>[^/.]+)/hard/$", HardCallViewSet.as_view({"post": "hard"}), name="call-hard"),
    re_path(r"^queues/(?P<pk>[^/.]+)/fair-order/$", FairOrderViewSet.as_view({"get": "fair_order"}), name="queue-fair-order"),
    path("reports/hard-calls/", HardCallReportViewSet.as_view({"get": "hard_calls"}), name="report-hard-calls"),
    re_path(
        r"^calls/(?P<pk>[^/.]+)/transfers/$", CallPassedViewSet.as_view({"get": "transfers", "post": "transfer"}), name="call-transfers"
    ),
    path("reports/return-calls/", ReturnCallReportViewSet.as_view({"get": "return_calls"}), name="report-return-calls"),
    re_path(r"^phone-systems/(?P<pk>[^/.]+)/commands/$", PhoneCommandViewSet.as_view({"get": "waiting"}), name="phone-commands"),
    re_path(r"^phone-commands/(?P<pk>[^/.]+)/accept/$", PhoneCommandViewSet.as_view({"post": "accept"}), name="phone-command-accept"),
    re_path(r"^phone-commands/(?P<pk>[^/.]+)/refuse/$", PhoneCommandViewSet.as_view({"post": "refuse"}), name="phone-command-refuse"),
    path("articles/answers/", AnswerViewSet.as_view({"get": "answers"}), name="ready-answers"),
    path("reports/calls/", ReportViewSet.as_view({"get": "calls"}), name="report-calls"),
    path("wallboard/", WallboardViewSet.as_view({"get": "retrieve"}), name="wallboard"),
    path("reports/most-asked/", AnswerReportViewSet.as_view({"get": "most_asked"}), name="report-most-asked"),
    path("reports/unanswered/", AnswerReportViewSet.as_view({"get": "unanswered"}), name="report-unanswered"),
    path("reports/dispositions/", DispositionReportViewSet.as_view({"get": "dispositions"}), name="report-dispositions"),
    path("reports/script-adherence/", ScriptAdherenceViewSet.as_view({"get": "retrieve"}), name="script-adherence"),
    path("reports/quality/", QualityReportViewSet.as_view({"get": "quality"}), name="report-quality"),
    path("reports/calibration/", QualityReportViewSet.as_view({"get": "calibration"}), name="report-calibration"),
    *router.urls,
]
