from django.urls import path
from rest_framework.routers import SimpleRouter

from config.api.resources.audit import AuditViewSet
from config.api.resources.me import MeViewSet
from config.api.resources.outbox import OutboxViewSet
from config.api.resources.problems import ProblemViewSet
from config.api.resources.stream import FeedViewSet, StreamViewSet
from config.api.resources.tokens import TokenViewSet
from config.api.resources.users import UserViewSet
from config.api.resources.webhooks import WebhookDeliveryViewSet, WebhookEndpointViewSet

router = SimpleRouter()
router.register("tokens", TokenViewSet)
router.register("users", UserViewSet)
router.register("audit-events", AuditViewSet)
router.register("outbox-events", OutboxViewSet)
router.register("webhook-endpoints", WebhookEndpointViewSet)
router.register("webhook-deliveries", WebhookDeliveryViewSet)
router.register("problems", ProblemViewSet, basename="problem")
urlpatterns = [
    path("me/", MeViewSet.as_view({"get": "retrieve"}), name="me"),
    path("stream/", StreamViewSet.as_view({"get": "retrieve"}), name="stream"),
    path("stream/ticket/", StreamViewSet.as_view({"post": "ticket"}), name="stream-ticket"),
    path("feed/", FeedViewSet.as_view({"get": "retrieve"}), name="feed"),
    *router.urls,
]
