from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from complaints.api.attachments import AttachmentViewSet, ComplaintAttachmentViewSet
from complaints.api.links import ComplaintLinkViewSet
from complaints.api.messages import ComplaintMessageViewSet
from complaints.api.suggestions import SuggestionViewSet

ONE = r"^complaints/(?P<pk>[^/.]+)/"
links = ComplaintLinkViewSet.as_view
router = SimpleRouter()
router.register("attachments", AttachmentViewSet)
urlpatterns = [
    path("complaints/suggestions/", SuggestionViewSet.as_view({"get": "suggest"}), name="complaint-suggest"),
    re_path(ONE + r"suggestions/$", SuggestionViewSet.as_view({"get": "suggestions"}), name="complaint-suggestions"),
    re_path(ONE + r"messages/$", ComplaintMessageViewSet.as_view({"get": "messages", "post": "write"}), name="complaint-messages"),
    re_path(
        ONE + r"attachments/$", ComplaintAttachmentViewSet.as_view({"get": "attachments", "post": "attach"}), name="complaint-attachments"
    ),
    re_path(ONE + r"watchers/$", links({"get": "watchers"}), name="complaint-watchers"),
    re_path(ONE + r"watch/$", links({"post": "watch"}), name="complaint-watch"),
    re_path(ONE + r"unwatch/$", links({"post": "unwatch"}), name="complaint-unwatch"),
    re_path(ONE + r"links/$", links({"get": "links"}), name="complaint-links"),
    re_path(ONE + r"link/$", links({"post": "link"}), name="complaint-link"),
    re_path(ONE + r"unlink/$", links({"post": "unlink"}), name="complaint-unlink"),
    re_path(ONE + r"join-to/$", links({"post": "join_to"}), name="complaint-join-to"),
    *router.urls,
]
