"""Every address."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView

from complaints.api import satisfaction_page
from config import examples
from config.api import health

TYPED = {"admin": "admin:index", "desk": "desk", "api/v1/docs": "docs", "api/v1/redoc": "redoc"}

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="docs"), name="home"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("config.api.resources.urls")),
    path("api/v1/", include("crm.api.urls")),
    path("api/v1/", include("calls.api.urls")),
    path("api/v1/", include("complaints.api.urls")),
    path("api/v1/", include("campaigns.api.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(throttle_classes=[]), name="schema"),
    path("api/v1/docs/", SpectacularSwaggerView.as_view(url_name="schema", throttle_classes=[]), name="docs"),
    path("api/v1/redoc/", SpectacularRedocView.as_view(url_name="schema", throttle_classes=[]), name="redoc"),
    path("s/<str:token>/", satisfaction_page.page, name="satisfaction-page"),
    path("examples/<path:path>", examples.page),
    path("desk/", examples.desk, name="desk"),
    path("desk/<path:path>", examples.desk),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics_page),
    # What people type by hand.
    *(path(typed, RedirectView.as_view(pattern_name=name, query_string=True)) for typed, name in TYPED.items()),
]
handler400 = "config.api.problems.bad_request"
handler403 = "config.api.problems.forbidden"
handler404 = "config.api.problems.not_found"
handler500 = "config.api.problems.server_error"
