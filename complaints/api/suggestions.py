"""/complaints/suggestions/ over HTTP: how the like of it were solved, and the articles that speak of it."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from complaints import similar
from complaints.models import Complaint
from config.api.fields import LanguageField
from config.api.permissions import allow
from config.api.viewsets import ApiViewSet, example, operation
from config.platform.models import PEOPLE, Scope
from crm.knowledge_search import QuestionTooShort
from crm.models import Product, Topic

READ = allow(*PEOPLE, scope=Scope.COMPLAINTS_READ)
REASONS = [
    ("words", "It shares words"), ("same_product", "The same product"), ("same_topic", "The same topic, or one beneath it"),
    ("satisfied", "The customer was content"), ("not_satisfied", "The customer was not content"),
]  # fmt: skip
WORDS: dict[str, Any] = {"reason": "words", "words": ["lamp", "broken"]}


class SuggestedBecauseSerializer(serializers.Serializer):
    """Why something is suggested."""

    reason = serializers.ChoiceField(REASONS)
    words = serializers.ListField(child=serializers.CharField(), help_text="Of `words`: those that it shares, as far as it is known.")


class SuggestedComplaintSerializer(serializers.Serializer):
    """A solved complaint like it."""

    complaint = serializers.UUIDField()
    number = serializers.CharField()
    summary = serializers.CharField()
    decision = serializers.ChoiceField(Complaint.Decision.choices, allow_blank=True)
    decision_text = serializers.CharField(allow_blank=True)
    redress = serializers.ChoiceField(Complaint.Redress.choices, allow_blank=True)
    redress_amount = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    currency = serializers.CharField(allow_blank=True)
    root_cause = serializers.CharField(allow_null=True, help_text="Its code.")
    corrective_action = serializers.CharField(allow_blank=True)
    resolved_at = serializers.DateTimeField(allow_null=True)
    is_satisfied = serializers.BooleanField(allow_null=True)
    score = serializers.FloatField(help_text="For comparing within this answer only.")
    why = SuggestedBecauseSerializer(many=True)


class SuggestedArticleSerializer(serializers.Serializer):
    """An article that speaks of it."""

    article = serializers.UUIDField()
    version = serializers.UUIDField(help_text="Id of the version that is published.")
    slug = serializers.CharField()
    language = serializers.CharField()
    title = serializers.CharField()
    short_answer = serializers.CharField(allow_blank=True)
    score = serializers.FloatField(help_text="For comparing within this answer only.")
    why = SuggestedBecauseSerializer(many=True)


@example(
    {
        "complaints": [
            {
                "complaint": "0199a1b2-8888-7000-8000-293a4b5c6d7e",
                "number": "C-2026-000098",
                "summary": "A lamp came broken",
                "decision": "upheld",
                "decision_text": "It broke on the way. A new one was sent.",
                "redress": "replacement",
                "redress_amount": "49.90",
                "currency": "EUR",
                "root_cause": "packing",
                "corrective_action": "Lamps go in double boxes.",
                "resolved_at": "2026-10-02T10:00:00Z",
                "is_satisfied": True,
                "score": 0.41,
                "why": [WORDS, {"reason": "same_product", "words": []}],
            }
        ],
        "articles": [
            {
                "article": "0199a1b2-4444-7000-8000-293a4b5c6d7e",
                "version": "0199a1b2-4445-7000-8000-293a4b5c6d7e",
                "slug": "broken-on-arrival",
                "language": "en",
                "title": "Broken on arrival",
                "short_answer": "We send a new one at once; the old one need not be sent back.",
                "score": 0.2,
                "why": [WORDS],
            }
        ],
    },
    request=False,
)
class SuggestionsSerializer(serializers.Serializer):
    """Suggested solutions, each list best first, five at most."""

    complaints = SuggestedComplaintSerializer(many=True)
    articles = SuggestedArticleSerializer(many=True)


class ToldSoFar(serializers.Serializer):
    """The query of suggestions before a complaint is received."""

    text = serializers.CharField(max_length=2000)
    topic = serializers.SlugRelatedField(slug_field="code", queryset=Topic.objects.all(), required=False, default=None)
    product = serializers.PrimaryKeyRelatedField(queryset=Product.objects.all(), required=False, default=None)
    language = LanguageField(required=False, allow_blank=True, default="")


class SuggestionViewSet(ApiViewSet):
    """Suggested solutions."""

    resource = "complaints"
    tag = "complaint suggestions"
    queryset = Complaint.objects.all()
    parameters = {"suggest": frozenset({"text", "topic", "product", "language"})}
    permits = {"suggest": READ, "suggestions": READ}

    @operation(
        answer=SuggestionsSerializer,
        method="get",
        detail=False,
        path="suggestions",
        parameters=[
            OpenApiParameter("text", str, required=True, description="What the customer says, in any words."),
            OpenApiParameter("topic", str, description="Code of a topic."),
            OpenApiParameter("product", str, description="Id of a product."),
            OpenApiParameter("language", str, description="BCP 47: the language of the text."),
        ],
        refusals=[QuestionTooShort],
    )
    def suggest(self, request) -> Response:
        """Suggested solutions for what is just being told

        While the customer still speaks: solved complaints that share its words, product or topic, with what was decided and whether the
        customer was content, and articles. What is solved on the call needs no complaint to go on.
        """
        asked = ToldSoFar(data=request.query_params)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        topic, product = (told[name].pk if told[name] else None for name in ("topic", "product"))
        found = similar.suggest(similar.About(told["text"], told["language"], topic, product), **self.by)
        return Response(SuggestionsSerializer(found).data)

    @operation(answer=SuggestionsSerializer, method="get", refusals=[QuestionTooShort])
    def suggestions(self, request, pk) -> Response:
        """Suggested solutions for a complaint

        Solved complaints like it that you may see, and articles, each with why.
        """
        return Response(SuggestionsSerializer(similar.suggest(similar.about(self.get_object()), **self.by)).data)
