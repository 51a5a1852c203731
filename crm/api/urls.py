from django.urls import path
from rest_framework.routers import SimpleRouter

from crm.api.calendars import CalendarViewSet
from crm.api.consent import ConsentViewSet, ContactConsentsViewSet
from crm.api.contacts import ContactViewSet
from crm.api.follow_ups import TaskViewSet
from crm.api.imports import ImportViewSet
from crm.api.knowledge import CustomFieldViewSet, TopicViewSet
from crm.api.lifecycle import ContactStageViewSet, FunnelViewSet
from crm.api.lookup import LookupViewSet, PhoneNumberViewSet
from crm.api.staff import DepartmentViewSet, TeamViewSet
from crm.api.suppression import SuppressionViewSet
from crm.api.suppression_uploads import SuppressionUploadViewSet

router = SimpleRouter()
router.register("contacts", ContactStageViewSet, basename="contact-stage")
router.register("contacts", ContactConsentsViewSet, basename="contact-consents")
router.register("contacts", ContactViewSet)
router.register("phone-numbers", PhoneNumberViewSet)
router.register("departments", DepartmentViewSet)
router.register("teams", TeamViewSet)
router.register("calendars", CalendarViewSet)
router.register("topics", TopicViewSet)
router.register("custom-fields", CustomFieldViewSet)
router.register("tasks", TaskViewSet)
router.register("imports", ImportViewSet)
router.register("consents", ConsentViewSet)
router.register("suppressions", SuppressionViewSet)
router.register("suppression-uploads", SuppressionUploadViewSet)
urlpatterns = [
    path("lookup/", LookupViewSet.as_view({"get": "retrieve"}), name="lookup"),
    path("funnel/", FunnelViewSet.as_view({"get": "retrieve"}), name="funnel"),
    *router.urls,
]
