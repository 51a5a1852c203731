"""/routing-rules/: where complaints go, and trying it out."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from complaints import routing
from complaints.api import would_be
from complaints.api.would_be import VERDICTS, WOULD_BE, WouldBeBody
from complaints.models import RoutingRule
from complaints.routing import AFTER_ANOTHER, BY_RULE, BY_TOPIC, CHOSEN, HAS_ENOUGH, NAMED, NOT_IN_TEAM, NOWHERE
from config.api.catalogue import CatalogueViewSet, catalogue
from config.api.fields import LanguageField
from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import example, operation
from config.platform.models import LEADERS, PEOPLE, Role, Scope, User

READ = allow(*PEOPLE, scope=Scope.COMPLAINTS_READ)
KEEP = allow(*LEADERS)
CANDIDATES = [(word, word) for word in (CHOSEN, AFTER_ANOTHER, NOT_IN_TEAM, HAS_ENOUGH)]
ID, DEPARTMENT = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e", "0199a1b2-2222-7000-8000-293a4b5c6d7e"
PERSON = "0199a1b2-0000-7000-8000-293a4b5c6d7e"
RULE: dict[str, Any] = {
    "name": "Claims about bills",
    "position": 10,
    "is_active": True,
    "kinds": ["claim"],
    "severities": [],
    "channels": [],
    "languages": ["en"],
    "topics": ["0199a1b2-4444-7000-8000-293a4b5c6d7e"],
    "products": [],
    "categories": [],
    "contact_tag": "",
    "department": DEPARTMENT,
    "choice": "round_robin",
    "person": None,
    "team": None,
    "most_open": 20,
}


@example({"id": ID, **RULE, "last_person": PERSON, "version": 1})
class RoutingRuleSerializer(serializers.ModelSerializer):
    last_person = serializers.PrimaryKeyRelatedField(read_only=True, allow_null=True, help_text="Who had the last turn.")

    class Meta:
        model = RoutingRule
        fields = ["id", *RULE, "last_person", "version"]
        read_only_fields = fields


@example(RULE)
class RoutingRuleBody(serializers.ModelSerializer):
    languages = serializers.ListField(
        child=LanguageField(), required=False, max_length=50, help_text="BCP 47; `en` holds for `en-GB`. Empty: any."
    )
    person = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True, role__in=PEOPLE),
        required=False,
        allow_null=True,
        help_text="For the choice `direct`: they get it, on duty or not.",
    )

    class Meta:
        model = RoutingRule
        fields = list(RULE)
        extra_kwargs = {name: {"required": False} for name in ("topics", "products", "categories")}
        validators: list[object] = []  # the table's own constraints answer


class RuleVerdictSerializer(serializers.Serializer):
    rule = serializers.UUIDField(source="rule.pk")
    name = serializers.CharField(source="rule.name")
    position = serializers.IntegerField(source="rule.position")
    verdict = serializers.ChoiceField(choices=VERDICTS, help_text="`comes_later`: it holds too, but another one comes first.")
    because = serializers.ListField(child=serializers.CharField(), help_text="The conditions that do not hold, by their field names.")


class CandidateSerializer(serializers.Serializer):
    person = serializers.UUIDField(source="person.pk")
    name = serializers.CharField(source="person.get_full_name")
    open = serializers.IntegerField(help_text="Open complaints that they have.")
    verdict = serializers.ChoiceField(choices=CANDIDATES)


@example(
    {
        "decided_by": "rule",
        "department": DEPARTMENT,
        "rule": ID,
        "person": PERSON,
        "rules": [
            {"rule": "0199a1b2-aaaa-7000-8000-293a4b5c6d7e", "name": "Safety", "position": 1, "verdict": "does_not_hold", "because": ["severities", "topics"]},
            {"rule": ID, "name": "Claims about bills", "position": 10, "verdict": "decides", "because": []},
        ],
        "people": [
            {"person": "0199a1b2-0001-7000-8000-293a4b5c6d7e", "name": "Cruz Maria", "open": 20, "verdict": "has_enough"},
            {"person": PERSON, "name": "Reyes Jose", "open": 3, "verdict": "chosen"},
        ],
    },
    request=False,
)  # fmt: skip
class RoutingSerializer(serializers.Serializer):
    decided_by = serializers.ChoiceField(
        choices=[NAMED, BY_RULE, BY_TOPIC, NOWHERE],
        help_text="What says to which department: it was named, a rule, the department of the topic; or nothing: no department gets it.",
    )
    department = serializers.UUIDField(source="department.pk", default=None, allow_null=True)
    rule = serializers.UUIDField(source="rule.pk", default=None, allow_null=True)
    person = serializers.UUIDField(source="person.pk", default=None, allow_null=True, help_text="Null: the department finds somebody.")
    rules = RuleVerdictSerializer(many=True, help_text="Every active rule, in order.")
    people = CandidateSerializer(many=True, help_text="Whom the rule might choose, the first one first: those on duty at that instant.")


@example(WOULD_BE)
class RoutingTrialBody(WouldBeBody):
    """A complaint that would be received."""


class RoutingRuleFilter(FilterSet):
    department = filters.UUIDFilter(field_name="department_id")
    is_active = filters.BooleanFilter()

    class Meta:
        model = RoutingRule
        fields = ["department", "is_active"]


@catalogue(
    one="routing rule",
    many="routing rules",
    about=(
        "Where a new complaint goes. The first active rule by `position` whose conditions all hold decides; an empty condition holds always, "
        "topics and categories hold for those beneath them. Where none holds, it goes to the department of its topic."
    ),
)
class RoutingRuleViewSet(CatalogueViewSet):
    """Rules of routing."""

    resource = "routing_rules"
    queryset = RoutingRule.objects.prefetch_related("topics", "products", "categories")
    serializer_class = RoutingRuleSerializer
    body_class = RoutingRuleBody
    filterset_class = RoutingRuleFilter
    ordering = "position"
    ordering_fields = ("position", "name")
    permits = {"list": READ, "retrieve": READ, "create": KEEP, "partial_update": KEEP, "destroy": allow(Role.ADMIN), "try_out": READ}

    @operation(body=RoutingTrialBody, answer=RoutingSerializer, detail=False, path="try")
    def try_out(self, request) -> Response:
        """Try the rules out

        Which rule would take a complaint, to which department, to whom, and why not the others. The same code routes in earnest; here
        nothing is written, and nobody's turn passes.
        """
        complaint, at = would_be.meant(self.read(RoutingTrialBody))
        return Response(RoutingSerializer(routing.explain(complaint, now=at)).data)
