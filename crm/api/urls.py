from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from crm.api.articles import ArticleViewSet
from crm.api.calendars import CalendarViewSet
from crm.api.calling import CallingLimitViewSet, CallingViewSet, CallingWindowViewSet
from crm.api.consent import ConsentViewSet, ContactConsentsViewSet
from crm.api.contacts import ContactViewSet
from crm.api.duty import DutyShiftViewSet
from crm.api.exports import ExportViewSet
from crm.api.follow_ups import TaskViewSet
from crm.api.imports import ImportViewSet
from crm.api.knowledge import CustomFieldViewSet, TopicViewSet
from crm.api.lifecycle import ContactStageViewSet, FunnelViewSet
from crm.api.lookup import LookupViewSet, PhoneNumberViewSet
from crm.api.merging import DuplicateViewSet, MergeViewSet
from crm.api.offers import OfferViewSet
from crm.api.orders import OrderViewSet
from crm.api.products import CategoryViewSet, ProductViewSet
from crm.api.promotions import PromotionViewSet
from crm.api.retention import RetentionViewSet
from crm.api.saved_filters import SavedFilterViewSet
from crm.api.scripts import ScriptVersionViewSet, ScriptViewSet
from crm.api.staff import DepartmentViewSet, TeamViewSet
from crm.api.suppression import SuppressionViewSet
from crm.api.suppression_uploads import SuppressionUploadViewSet

router = SimpleRouter()
router.register("contacts", ContactStageViewSet, basename="contact-stage")
router.register("contacts", ContactConsentsViewSet, basename="contact-consents")
router.register("contacts", ContactViewSet)
router.register("phone-numbers", PhoneNumberViewSet)
router.register("departments", DepartmentViewSet)
router.register("duty-shifts", DutyShiftViewSet)
router.register("teams", TeamViewSet)
router.register("calendars", CalendarViewSet)
router.register("topics", TopicViewSet)
router.register("custom-fields", CustomFieldViewSet)
router.register("tasks", TaskViewSet)
router.register("categories", CategoryViewSet)
router.register("products", ProductViewSet)
router.register("promotions", PromotionViewSet)
router.register("articles", ArticleViewSet)
router.register("scripts", ScriptViewSet)
router.register("script-versions", ScriptVersionViewSet)
router.register("imports", ImportViewSet)
router.register("orders", OrderViewSet)
router.register("duplicates", DuplicateViewSet)
router.register("merges", MergeViewSet)
router.register("saved-filters", SavedFilterViewSet)
router.register("exports", ExportViewSet)
router.register("consents", ConsentViewSet)
router.register("suppressions", SuppressionViewSet)
router.register("suppression-uploads", SuppressionUploadViewSet)
router.register("calling-windows", CallingWindowViewSet)
router.register("calling-limits", CallingLimitViewSet)
router.register("calling", CallingViewSet, basename="calling")
urlpatterns = [
    re_path(r"^contacts/(?P<pk>[^/.]+)/offers/$", OfferViewSet.as_view({"get": "offers"}), name="contact-offers"),
    path("funnel/", FunnelViewSet.as_view({"get": "retrieve"}), name="funnel"),
    path("lookup/", LookupViewSet.as_view({"get": "retrieve"}), name="lookup"),
    path("retention/", RetentionViewSet.as_view({"get": "retrieve"}), name="retention"),
    *router.urls,
]
