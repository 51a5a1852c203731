from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from campaigns.api.attempts import AttemptViewSet, CampaignResultsViewSet
from campaigns.api.campaigns import AudienceViewSet, CampaignViewSet
from campaigns.api.contact_lists import ContactListMembersViewSet, ContactListViewSet
from campaigns.api.conversions import CampaignCollectedViewSet, ConversionViewSet, PromiseViewSet
from campaigns.api.handout import HandoutViewSet, LeaseViewSet, TargetViewSet
from campaigns.api.reports import CampaignFiguresViewSet, CampaignReportViewSet
from campaigns.api.survey_responses import SurveyResponseViewSet
from campaigns.api.survey_results import SurveyResultsViewSet
from campaigns.api.surveys import SurveyVersionViewSet, SurveyViewSet

ONE_CAMPAIGN, ONE_ATTEMPT = r"^campaigns/(?P<pk>[^/.]+)/", r"^attempts/(?P<pk>[^/.]+)/"
ONE_LIST = r"^contact-lists/(?P<pk>[^/.]+)/"
collected = CampaignCollectedViewSet.as_view({"get": "collected", "post": "collect"})
audience, lease = AudienceViewSet.as_view, LeaseViewSet.as_view
members = ContactListMembersViewSet.as_view
router = SimpleRouter()
router.register("campaigns", CampaignViewSet)
router.register("targets", TargetViewSet)
router.register("attempts", AttemptViewSet)
router.register("conversions", ConversionViewSet)
router.register("surveys", SurveyViewSet)
router.register("survey-versions", SurveyVersionViewSet)
router.register("survey-responses", SurveyResponseViewSet)
router.register("contact-lists", ContactListViewSet)
urlpatterns = [
    path("agents/me/next/", HandoutViewSet.as_view({"post": "my_next"}), name="agent-next"),
    re_path(ONE_CAMPAIGN + r"next/$", HandoutViewSet.as_view({"post": "next"}), name="campaign-next"),
    re_path(ONE_CAMPAIGN + r"lease-batch/$", HandoutViewSet.as_view({"post": "lease_batch"}), name="campaign-lease-batch"),
    re_path(ONE_CAMPAIGN + r"audience/$", audience({"get": "audience", "post": "build_audience"}), name="campaign-audience"),
    re_path(ONE_CAMPAIGN + r"left-out/$", audience({"get": "left_out"}), name="campaign-left-out"),
    re_path(ONE_CAMPAIGN + r"dry-run/$", audience({"get": "dry_run", "post": "begin_dry_run"}), name="campaign-dry-run"),
    re_path(ONE_CAMPAIGN + r"collected/$", collected, name="campaign-collected"),
    re_path(ONE_CAMPAIGN + r"report-results/$", CampaignResultsViewSet.as_view({"post": "report_results"}), name="campaign-report-results"),
    re_path(ONE_CAMPAIGN + r"results/$", CampaignFiguresViewSet.as_view({"get": "results"}), name="campaign-results"),
    path("reports/campaigns/", CampaignReportViewSet.as_view({"get": "campaigns"}), name="report-campaigns"),
    path("reports/origins/", CampaignReportViewSet.as_view({"get": "origins"}), name="report-origins"),
    re_path(ONE_CAMPAIGN + r"trend/$", CampaignFiguresViewSet.as_view({"get": "trend"}), name="campaign-trend"),
    re_path(ONE_ATTEMPT + r"heartbeat/$", lease({"post": "heartbeat"}), name="attempt-heartbeat"),
    re_path(ONE_ATTEMPT + r"release/$", lease({"post": "release"}), name="attempt-release"),
    re_path(ONE_ATTEMPT + r"promise/$", PromiseViewSet.as_view({"post": "promise"}), name="attempt-promise"),
    re_path(r"^surveys/(?P<pk>[^/.]+)/results/$", SurveyResultsViewSet.as_view({"get": "results"}), name="survey-results"),
    re_path(ONE_LIST + r"members/$", members({"get": "members", "post": "add_members"}), name="contact-list-members"),
    re_path(ONE_LIST + r"remove-members/$", members({"post": "remove_members"}), name="contact-list-remove-members"),
    *router.urls,
]
