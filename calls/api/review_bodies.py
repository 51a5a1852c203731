"""The forms in which scorecards and reviews go out, and what is written of them comes in."""

from rest_framework import serializers

from calls.models import Queue, Review, Scorecard, ScorecardVersion
from config.api.viewsets import example
from config.platform.models import User

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
PERSON = "0199a1b2-0000-7000-8000-293a4b5c6d7e"
CHECKPOINT = {
    "key": "greeting",
    "section": "Opening",
    "text": "Did the operator give the company's name and their own?",
    "guidance": "Both: 5. One of them: 2.",
    "points": 5,
    "is_fatal": False,
    "may_skip": False,
}
SCORECARD = {"code": "support", "name": "Support calls", "queues": ["support"], "is_active": True}


@example({"id": ID, **SCORECARD, "published": ID, "draft": None, "version": 1}, request=False)
class ScorecardSerializer(serializers.ModelSerializer):
    queues = serializers.SlugRelatedField(slug_field="slug", many=True, read_only=True)
    published = serializers.SerializerMethodField(help_text="Id of the version in use.")
    draft = serializers.SerializerMethodField(help_text="Id of the version that is being written.")

    class Meta:
        model = Scorecard
        fields = ["id", "code", "name", "queues", "is_active", "published", "draft", "version"]
        read_only_fields = fields

    def get_published(self, scorecard: Scorecard) -> str | None:
        return self._of(scorecard, ScorecardVersion.Status.PUBLISHED)

    def get_draft(self, scorecard: Scorecard) -> str | None:
        return self._of(scorecard, ScorecardVersion.Status.DRAFT)

    @staticmethod
    def _of(scorecard: Scorecard, status: str) -> str | None:
        return next((str(one.pk) for one in scorecard.versions.all() if one.status == status), None)


@example(SCORECARD)
class ScorecardBody(serializers.ModelSerializer):
    queues = serializers.SlugRelatedField(
        slug_field="slug", many=True, required=False, queryset=Queue.objects.all(), help_text="Slugs; none: for any call."
    )

    class Meta:
        model = Scorecard
        fields = ["code", "name", "queues", "is_active"]


@example(CHECKPOINT)
class CheckpointSerializer(serializers.Serializer):
    key = serializers.SlugField(max_length=50)
    section = serializers.CharField(max_length=100, required=False, allow_blank=True)
    text = serializers.CharField(max_length=500, help_text="What to look at, as a question.")
    guidance = serializers.CharField(max_length=5000, required=False, allow_blank=True, help_text="How to judge it.")
    points = serializers.IntegerField(min_value=1, max_value=1000, required=False)
    is_fatal = serializers.BooleanField(required=False, help_text="Without a single point here the whole review fails.")
    may_skip = serializers.BooleanField(required=False, help_text="It may not apply; its points then count neither way.")


@example(
    {
        "id": ID, "scorecard": ID, "scorecard_code": "support", "number": 2, "state": "published", "pass_percent": 80, "comment": "",
        "checkpoints": [CHECKPOINT], "published_at": "2026-11-23T09:00:00Z", "retired_at": None, "open_moves": ["retire"], "version": 3,
    },
    request=False,
)  # fmt: skip
class ScorecardVersionSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(source="status", choices=ScorecardVersion.Status.choices)
    scorecard_code = serializers.CharField(source="scorecard.code")
    checkpoints = CheckpointSerializer(many=True)
    open_moves = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = ScorecardVersion
        fields = [
            "id", "scorecard", "scorecard_code", "number", "state", "pass_percent", "comment", "checkpoints", "published_at", "retired_at",
            "open_moves", "version",
        ]  # fmt: skip
        read_only_fields = fields


@example({"scorecard": "support"})
class ScorecardDraftBody(serializers.Serializer):
    scorecard = serializers.SlugRelatedField(slug_field="code", queryset=Scorecard.objects.all(), help_text="Its code.")


@example({"pass_percent": 85, "checkpoints": [CHECKPOINT]})
class ScorecardWriteBody(serializers.Serializer):
    pass_percent = serializers.IntegerField(min_value=0, max_value=100, required=False)
    comment = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    checkpoints = CheckpointSerializer(many=True, required=False, help_text="The whole list; it replaces the one before.")

    def validate_checkpoints(self, given: list[dict[str, object]]) -> list[dict[str, object]]:
        """Keep a scorecard to what one can look at in one call."""
        if len(given) > 200:
            raise serializers.ValidationError("At most 200 checkpoints.")
        return given


ANSWER = {"checkpoint": "greeting", "points": 5, "comment": ""}


@example(ANSWER)
class ReviewAnswerSerializer(serializers.Serializer):
    checkpoint = serializers.CharField(max_length=50, source="checkpoint.key", help_text="Its key.")
    points = serializers.IntegerField(allow_null=True, help_text="null: it did not apply.")
    comment = serializers.CharField(allow_blank=True)


@example(
    {
        "id": ID, "call": ID, "scorecard": "support", "scorecard_version": ID, "agent": PERSON, "agent_name": "Иванова Анна",
        "reviewer": "0199a1b2-1111-7000-8000-293a4b5c6d7e", "reviewer_name": "Орлов Сергей", "state": "submitted", "claimed_until": None,
        "answers": [ANSWER], "points": 45, "possible": 50, "percent": "90.00", "is_passed": True, "failed_at": "", "comment": "Kind and clear.",
        "submitted_at": "2026-11-23T10:00:00Z", "dispute_reason": "", "disputed_at": None, "settlement": "", "settlement_note": "",
        "settled_by": None, "settled_at": None, "percent_before": None, "created_at": "2026-11-23T09:30:00Z",
        "updated_at": "2026-11-23T10:00:00Z", "open_moves": ["accept", "dispute"], "version": 4,
    },
    request=False,
)  # fmt: skip
class ReviewSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(source="status", choices=Review.Status.choices)
    scorecard = serializers.CharField(source="scorecard_version.scorecard.code", help_text="Its code.")
    agent_name = serializers.CharField(source="agent.get_full_name")
    reviewer_name = serializers.CharField(source="reviewer.get_full_name")
    answers = ReviewAnswerSerializer(many=True)
    failed_at = serializers.CharField(allow_blank=True, help_text="The checkpoint without which a call fails, if it failed there.")
    settlement = serializers.ChoiceField(choices=Review.Settlement.choices, allow_blank=True)
    open_moves = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Review
        fields = [
            "id", "call", "scorecard", "scorecard_version", "agent", "agent_name", "reviewer", "reviewer_name", "state", "claimed_until",
            "answers", "points", "possible", "percent", "is_passed", "failed_at", "comment", "submitted_at", "dispute_reason", "disputed_at",
            "settlement", "settlement_note", "settled_by", "settled_at", "percent_before", "created_at", "updated_at", "open_moves", "version",
        ]  # fmt: skip
        read_only_fields = fields


class PointsBody(serializers.Serializer):
    checkpoint = serializers.CharField(max_length=50, help_text="Its key.")
    points = serializers.IntegerField(min_value=0, max_value=1000, allow_null=True, help_text="null: it did not apply.")
    comment = serializers.CharField(max_length=5000, required=False, allow_blank=True, default="")


def in_use() -> serializers.SlugRelatedField:
    """A scorecard by its code."""
    return serializers.SlugRelatedField(slug_field="code", queryset=Scorecard.objects.all(), help_text="Its code.")


@example({"scorecard": "support"})
class ClaimBody(serializers.Serializer):
    scorecard = in_use()


@example({"scorecard": "support", "queue": "support"})
class NextReviewBody(serializers.Serializer):
    scorecard = in_use()
    agent = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.all(), required=False, allow_null=True, help_text="Only calls of this operator."
    )
    queue = serializers.CharField(
        max_length=100, required=False, allow_blank=True, default="", help_text="Only calls of this queue: its slug."
    )
    second = serializers.BooleanField(default=False, help_text="A call that one other person has reviewed: for calibration.")


@example({"answers": [ANSWER], "comment": "Kind and clear."})
class AnswersBody(serializers.Serializer):
    answers = PointsBody(many=True, required=False)
    comment = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


@example({"reason": "The caller had hung up before I could say goodbye."})
class DisputeBody(serializers.Serializer):
    reason = serializers.CharField(max_length=5000)


@example({"note": "Heard again: it was said.", "answers": [ANSWER]})
class SettleBody(serializers.Serializer):
    note = serializers.CharField(max_length=5000)
    answers = PointsBody(many=True, required=False, help_text="What changes; left out: it stays as it was.")


class QualityQuery(serializers.Serializer):
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    scorecard = serializers.SlugRelatedField(slug_field="code", queryset=Scorecard.objects.all(), required=False)
    agent = serializers.UUIDField(required=False)


class AgentQualitySerializer(serializers.Serializer):
    agent = serializers.UUIDField()
    agent_name = serializers.CharField()
    reviews = serializers.IntegerField()
    mean_percent = serializers.DecimalField(max_digits=5, decimal_places=2, help_text="Mean of the reviews' per cents.")
    passed = serializers.IntegerField()
    failed_at_once = serializers.IntegerField(help_text="By a checkpoint without which a call fails.")
    disputed = serializers.IntegerField()
    changed = serializers.IntegerField(help_text="Disputes that changed the score.")


class CheckpointQualitySerializer(serializers.Serializer):
    checkpoint = serializers.CharField()
    answers = serializers.IntegerField(help_text="Reviews in which it applied.")
    percent = serializers.DecimalField(max_digits=5, decimal_places=2, help_text="Points given / points possible.")
    without_points = serializers.IntegerField()


@example(
    {
        "since": "2026-11-01T00:00:00Z", "until": "2026-12-01T00:00:00Z",
        "agents": [
            {"agent": PERSON, "agent_name": "Иванова Анна", "reviews": 12, "mean_percent": "91.50", "passed": 11, "failed_at_once": 0,
             "disputed": 1, "changed": 1}
        ],
        "checkpoints": [{"checkpoint": "greeting", "answers": 12, "percent": "95.00", "without_points": 0}],
    },
    request=False,
)  # fmt: skip
class QualityReportSerializer(serializers.Serializer):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    agents = AgentQualitySerializer(many=True)
    checkpoints = CheckpointQualitySerializer(many=True, help_text="When a scorecard was named.")


class PairedReviewSerializer(serializers.Serializer):
    review = serializers.UUIDField()
    reviewer = serializers.UUIDField()
    reviewer_name = serializers.CharField()
    percent = serializers.DecimalField(max_digits=5, decimal_places=2)


class PairSerializer(serializers.Serializer):
    call = serializers.UUIDField()
    scorecard = serializers.CharField()
    reviews = PairedReviewSerializer(many=True)
    apart = serializers.DecimalField(max_digits=5, decimal_places=2, help_text="How far the two scores lie apart, in per cent.")
    agreement_percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, allow_null=True, help_text="Checkpoints that both gave the same points / checkpoints."
    )


@example(
    {
        "since": "2026-11-01T00:00:00Z", "until": "2026-12-01T00:00:00Z",
        "pairs": [
            {"call": ID, "scorecard": "support", "apart": "10.00", "agreement_percent": "80.00",
             "reviews": [{"review": ID, "reviewer": PERSON, "reviewer_name": "Орлов Сергей", "percent": "90.00"},
                         {"review": ID, "reviewer": PERSON, "reviewer_name": "Weber Klara", "percent": "80.00"}]}
        ],
    },
    request=False,
)  # fmt: skip
class CalibrationSerializer(serializers.Serializer):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    pairs = PairSerializer(many=True)
