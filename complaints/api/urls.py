from rest_framework.routers import SimpleRouter

from complaints.api.complaints import ComplaintViewSet, RootCauseViewSet

router = SimpleRouter()
router.register("complaints", ComplaintViewSet)
router.register("root-causes", RootCauseViewSet)
urlpatterns = [*router.urls]
