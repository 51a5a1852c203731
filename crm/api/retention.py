"""/retention/ over HTTP: what would be erased now."""

from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response

from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, example, operation
from config.platform.models import LEADERS
from crm import retention
from crm.models import Contact


@example(
    {
        "rule": "leads_never_reached",
        "about": "Leads with whom nobody ever spoke are erased.",
        "days": 365,
        "due": 120,
        "due_is_more": False,
        "before": "2025-11-23T07:00:00Z",
    },
    request=False,
)
class RetentionRuleSerializer(serializers.Serializer):
    rule = serializers.CharField()
    about = serializers.CharField(help_text="What happens to what is due.")
    days = serializers.IntegerField(allow_null=True, help_text="After how many days; null when the rule is off.")
    due = serializers.IntegerField(help_text="How many are due now; counting stops at 100,000.")
    due_is_more = serializers.BooleanField()
    before = serializers.DateTimeField(allow_null=True, help_text="What is older than this is due.")


class RetentionViewSet(ApiViewSet):
    """What is kept no longer than it is needed."""

    resource = "retention"
    queryset = Contact.objects.none()  # for the document alone: the report reads tables of its own
    serializer_class = RetentionRuleSerializer
    permits = {"retrieve": allow(*LEADERS)}
    pagination_class = None

    @operation(answer=RetentionRuleSerializer(many=True), method="get")
    def retrieve(self, request) -> Response:
        """What retention would erase now

        The dry run of the nightly sweep, rule by rule. The days are settings of the installation
        (`RETENTION_…_DAYS`); `manage.py apply_retention` does it at once.
        """
        return Response(retention.report(now=timezone.now()))
