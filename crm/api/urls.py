from django.urls import path
from rest_framework.routers import SimpleRouter

from crm.api.contacts import ContactViewSet
from crm.api.exports import ExportViewSet
from crm.api.imports import ImportViewSet
from crm.api.knowledge import CustomFieldViewSet, TopicViewSet
from crm.api.lookup import LookupViewSet, PhoneNumberViewSet
from crm.api.retention import RetentionViewSet
from crm.api.saved_filters import SavedFilterViewSet
from crm.api.staff import DepartmentViewSet, TeamViewSet

router = SimpleRouter()
router.register("contacts", ContactViewSet)
router.register("phone-numbers", PhoneNumberViewSet)
router.register("departments", DepartmentViewSet)
router.register("teams", TeamViewSet)
router.register("topics", TopicViewSet)
router.register("custom-fields", CustomFieldViewSet)
router.register("imports", ImportViewSet)
router.register("saved-filters", SavedFilterViewSet)
router.register("exports", ExportViewSet)
urlpatterns = [
    path("retention/", RetentionViewSet.as_view({"get": "retrieve"}), name="retention"),
    path("lookup/", LookupViewSet.as_view({"get": "retrieve"}), name="lookup"),
    *router.urls,
]
