from django.urls import path
from rest_framework.routers import SimpleRouter

from crm.api.contacts import ContactViewSet
from crm.api.imports import ImportViewSet
from crm.api.knowledge import CustomFieldViewSet, TopicViewSet
from crm.api.lookup import LookupViewSet, PhoneNumberViewSet
from crm.api.scripts import ScriptVersionViewSet, ScriptViewSet
from crm.api.staff import DepartmentViewSet, TeamViewSet

router = SimpleRouter()
router.register("contacts", ContactViewSet)
router.register("phone-numbers", PhoneNumberViewSet)
router.register("departments", DepartmentViewSet)
router.register("teams", TeamViewSet)
router.register("topics", TopicViewSet)
router.register("custom-fields", CustomFieldViewSet)
router.register("scripts", ScriptViewSet)
router.register("script-versions", ScriptVersionViewSet)
router.register("imports", ImportViewSet)
urlpatterns = [path("lookup/", LookupViewSet.as_view({"get": "retrieve"}), name="lookup"), *router.urls]
