from django.urls import path
from rest_framework.routers import SimpleRouter

from calls.api.calls import CallViewSet
from calls.api.events import EventViewSet
from calls.api.phone_systems import DispositionViewSet, ExtensionViewSet, PhoneSystemViewSet
from calls.api.script_runs import ScriptAdherenceViewSet, ScriptRunViewSet

router = SimpleRouter()
router.register("calls", CallViewSet)
router.register("phone-systems", PhoneSystemViewSet)
router.register("extensions", ExtensionViewSet)
router.register("dispositions", DispositionViewSet)
router.register("script-runs", ScriptRunViewSet)
urlpatterns = [
    path("calls/events/", EventViewSet.as_view({"get": "list", "post": "create"}), name="call-events"),
    path("reports/script-adherence/", ScriptAdherenceViewSet.as_view({"get": "retrieve"}), name="script-adherence"),
    *router.urls,
]
