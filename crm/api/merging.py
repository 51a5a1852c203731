"""Merging over HTTP: /contacts/{id}/merge/, /duplicates/ and /merges/."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.response import Response

from config.api.filters import FilterSet
from config.api.permissions import allow
from config.api.viewsets import ReadViewSet, example, operation
from config.platform.models import PEOPLE, Role, Scope
from config.platform.moves import TransitionNotAllowed, VersionConflict
from crm import contact_rows, duplicate_pairs, merging
from crm.api.contact_bodies import SHOWN, ContactSerializer
from crm.contacts import EmployerInCircle
from crm.merging.fields import FieldChoiceInvalid, KindsDiffer
from crm.merging.joining import MergeWithItself, NotOfThePair, other_of_pair
from crm.merging.parting import UndoBlocked
from crm.models import Contact, DuplicateCandidate, MergeRecord
from crm.old_ids import ContactMerged, who_is_left

READ = allow(*PEOPLE, scope=Scope.CONTACTS_READ)
DECIDE = allow(Role.SUPERVISOR, Role.BACK_OFFICE, Role.ADMIN, scope=Scope.CONTACTS_WRITE)
REFUSED = [VersionConflict, ContactMerged, MergeWithItself, FieldChoiceInvalid, KindsDiffer, EmployerInCircle]
ID, FIRST, SECOND = (
    "0199a1b2-c3d4-75f6-8718-293a4b5c6d70",
    "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e",
    "0199a1b2-c3d4-75f6-8718-293a4b5c6d7f",
)
MOVES = {"calls.call.contact": 12, "crm.contactphone.contact": 1, "crm.note.contact": 2}
CHOICES: dict[str, Any] = {"surname": "loser", "tags": "both"}


class MergeFields(serializers.Serializer):
    """How two contacts become one."""

    fields_ = serializers.DictField(child=serializers.CharField(max_length=10), required=False)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    dry_run = serializers.BooleanField(default=False, help_text="Only tell what would happen.")

    def get_fields(self) -> dict[str, serializers.Field]:
        """``fields`` is what the API says and what REST framework calls something else."""
        found = super().get_fields()
        found["fields"] = serializers.DictField(
            child=serializers.CharField(max_length=10),
            required=False,
            source="choices",
            help_text="Whose value stays, by field: `survivor`, `loser`, or `both` for tags. Left out: the survivor's, or the loser's "
            "where the survivor has none. Custom fields are `custom_fields.<key>`; `external_id` brings its `source` along.",
        )
        found.pop("fields_")
        return found


@example({"loser": SECOND, "fields": CHOICES, "reason": "She married.", "dry_run": False})
class MergeBody(MergeFields):
    loser = serializers.PrimaryKeyRelatedField(queryset=Contact.objects.all(), help_text="Who is merged into this contact.")


@example({"survivor": FIRST, "fields": CHOICES, "reason": "She married.", "dry_run": False})
class MergePairBody(MergeFields):
    survivor = serializers.UUIDField(help_text="Which of the two is left.")


class DifferenceSerializer(serializers.Serializer):
    field = serializers.CharField()
    survivor = serializers.JSONField()
    loser = serializers.JSONField()
    choice = serializers.CharField(allow_blank=True, help_text="Whose value stays; empty: say it in `fields`, or the merge is refused.")


@example(
    {
        "dry_run": False,
        "merge": ID,
        "contact": SHOWN,
        "differences": [{"field": "surname", "survivor": "Фёдорова", "loser": "Смирнова", "choice": "loser"}],
        "moves": MOVES,
    },
    request=False,
)
class MergedSerializer(serializers.Serializer):
    dry_run = serializers.BooleanField()
    merge = serializers.UUIDField(allow_null=True, help_text="What `POST /merges/{id}/undo/` takes back; null for a dry run.")
    contact = ContactSerializer(help_text="The survivor as it is now.")
    differences = DifferenceSerializer(many=True, help_text="The fields in which the two differed.")
    moves = serializers.DictField(child=serializers.IntegerField(), help_text="Rows that move, by relation.")


def merged(view: Any, survivor: UUID, loser: UUID, body: dict[str, Any], do: Any) -> Response:
    """Tell what a merge would do, or do it by ``do``; the survivor is shown as it is then."""
    choices = body.get("choices", {})
    prospect = merging.preview(survivor, loser, choices=choices)
    done = None if body["dry_run"] else do(choices=choices, reason=body["reason"], **view.by)
    contact = contact_rows.show([survivor])[0]
    answer = {
        "dry_run": body["dry_run"],
        "merge": done.pk if done else None,
        "contact": contact,
        "differences": [one.shown() for one in prospect.differences],
        "moves": done.counts if done else prospect.moves,
    }
    return Response(answer)


@example(
    {
        "id": ID,
        "state": "open",
        "first": SHOWN,
        "second": SHOWN | {"id": SECOND, "patronymic": "", "display_name": "Фёдорова Алёна"},
        "score": 0.7,
        "reasons": ["phone"],
        "reason": "",
        "decided_by": None,
        "decided_at": None,
        "created_at": "2026-11-23T07:00:00Z",
        "version": 1,
    },
    request=False,
)
class DuplicateSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(source="status", choices=DuplicateCandidate.Status.choices)
    first = ContactSerializer()
    second = ContactSerializer()
    score = serializers.FloatField(help_text="0 to 1: how likely they are one.")
    reasons = serializers.ListField(
        child=serializers.CharField(),
        help_text="What they share: phone, email, full_name, name, company_name, custom_field; later ones may be added.",
    )

    class Meta:
        model = DuplicateCandidate
        fields = ["id", "state", "first", "second", "score", "reasons", "reason", "decided_by", "decided_at", "created_at", "version"]
        read_only_fields = fields


@example({"reason": "Mother and daughter."})
class DismissBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="", help_text="Why they are two.")


class DuplicateFilter(FilterSet):
    state = filters.ChoiceFilter(field_name="status", choices=DuplicateCandidate.Status.choices)
    min_score = filters.NumberFilter(field_name="score", lookup_expr="gte", min_value=0, max_value=1)
    contact = filters.UUIDFilter(method="of_contact", help_text="Either of the two.")

    class Meta:
        model = DuplicateCandidate
        fields = ["status"]

    def of_contact(self, queryset, name, value):
        value = who_is_left([value]).get(value, value)
        return queryset.filter(Q(first=value) | Q(second=value))


class DuplicateViewSet(ReadViewSet):
    """Pairs of contacts that may be one."""

    resource = "duplicates"
    queryset = DuplicateCandidate.objects.all()
    serializer_class = DuplicateSerializer
    filterset_class = DuplicateFilter
    ordering_fields = ("score",)
    ordering = "-score"
    permits = {"list": READ, "retrieve": READ, "dismiss": DECIDE, "merge": DECIDE}

    def show(self, page) -> Any:
        """With both contacts of each, in one query whatever their number."""
        rows = contact_rows.show([contact_id for pair in page for contact_id in (pair.first_id, pair.second_id)])
        known = {row["id"]: row for row in rows}
        return [self.get_serializer(Pair(pair, known)).data for pair in page]

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], DuplicateCandidate):
            pair = args[0]
            known = {row["id"]: row for row in contact_rows.show([pair.first_id, pair.second_id])}
            args = (Pair(pair, known), *args[1:])
        return super().get_serializer(*args, **kwargs)

    @operation(answer=DuplicateSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Possible duplicates

        Pairs that the background found, the likeliest first. What more than 20 contacts share
        makes no pairs: a switchboard says nothing about who is who.
        """
        return super().list(request)

    @operation(answer=DuplicateSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One pair"""
        return super().retrieve(request, pk)

    @operation(body=DismissBody, answer=DuplicateSerializer, refusals=[TransitionNotAllowed, VersionConflict])
    def dismiss(self, request, pk) -> Response:
        """Say that they are two

        The pair comes back only when the data of one of them changed.
        """
        return self.respond(duplicate_pairs.dismiss(self.get_object().pk, **self.read(DismissBody), if_version=self.if_version, **self.by))

    @operation(body=MergePairBody, answer=MergedSerializer, refusals=[*REFUSED, TransitionNotAllowed, NotOfThePair])
    def merge(self, request, pk) -> Response:
        """Merge the two of a pair

        As `POST /contacts/{id}/merge/`, with `survivor` to say which of the two is left. `If-Match` is the version of the pair.
        """
        body, pair = self.read(MergePairBody), self.get_object()
        survivor = body["survivor"]
        loser = other_of_pair(pair.pk, survivor)
        version = duplicate_pairs.open_for_merging(pair.pk, if_version=self.if_version).version
        return merged(
            self, survivor, loser, body, lambda **said: merging.merge_pair(pair.pk, survivor_id=survivor, if_version=version, **said)
        )


class Pair:
    """A pair with its two contacts as they are shown."""

    def __init__(self, pair: DuplicateCandidate, known: dict[UUID, Any]) -> None:
        self._pair = pair
        self.first, self.second = known[pair.first_id], known[pair.second_id]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pair, name)


class ConflictSerializer(serializers.Serializer):
    kind = serializers.CharField(
        help_text="edited_since, gone_since, taken_since (fields); removed_since (phones, e-mails, addresses); deleted_since, "
        "moved_since, table_gone (rows)."
    )
    what = serializers.CharField(help_text="The field, the list or the relation.")
    value = serializers.JSONField(required=False, help_text="What there is now, and was kept; or what was removed.")
    before = serializers.JSONField(required=False, help_text="What there was before the merge.")
    count = serializers.IntegerField(required=False)
    ids = serializers.ListField(child=serializers.CharField(), required=False, help_text="The rows; 100 at most.")
    contact = serializers.CharField(required=False, help_text="Whose value could not be put back.")


@example(
    {
        "id": ID,
        "state": "undone",
        "survivor": FIRST,
        "survivor_name": "Фёдорова Алёна Игоревна",
        "loser": SECOND,
        "loser_name": "Смирнова Алёна",
        "choices": CHOICES,
        "reason": "She married.",
        "counts": MOVES,
        "by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
        "merged_at": "2026-11-23T07:00:00Z",
        "undone_by": "0199a1b2-0000-7000-8000-293a4b5c6d7e",
        "undone_at": "2026-11-23T09:00:00Z",
        "conflicts": [{"kind": "edited_since", "what": "surname", "value": "Орлова", "before": "Фёдорова"}],
        "version": 2,
    },
    request=False,
)
class MergeSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(source="status", choices=MergeRecord.Status.choices)
    survivor_name = serializers.CharField(source="survivor")
    loser_name = serializers.CharField(source="loser")
    choices = serializers.DictField(child=serializers.CharField(), help_text="Whose value was taken, by field.")
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Rows that moved, by relation.")
    conflicts = ConflictSerializer(many=True, help_text="What an undo could not put back as it was. It was kept as it is.")

    class Meta:
        model = MergeRecord
        fields = [
            "id", "state", "survivor", "survivor_name", "loser", "loser_name", "choices", "reason", "counts", "by", "merged_at", "undone_by",
            "undone_at", "conflicts", "version",
        ]  # fmt: skip
        read_only_fields = fields


@example({"reason": "They are sisters."})
class UndoBody(serializers.Serializer):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class MergeFilter(FilterSet):
    state = filters.ChoiceFilter(field_name="status", choices=MergeRecord.Status.choices)
    survivor = filters.UUIDFilter(field_name="survivor_id")
    loser = filters.UUIDFilter(field_name="loser_id")

    class Meta:
        model = MergeRecord
        fields = ["status"]


class MergeViewSet(ReadViewSet):
    """Contacts that were merged."""

    resource = "merges"
    queryset = MergeRecord.objects.select_related("survivor", "loser").defer("before", "after", "remembered")
    serializer_class = MergeSerializer
    filterset_class = MergeFilter
    permits = {"list": READ, "retrieve": READ, "undo": DECIDE}

    @operation(answer=MergeSerializer(many=True), method="get")
    def list(self, request) -> Response:
        """Merges

        Newest first, undone ones among them.
        """
        return super().list(request)

    @operation(answer=MergeSerializer, method="get")
    def retrieve(self, request, pk) -> Response:
        """One merge"""
        return super().retrieve(request, pk)

    @operation(body=UndoBody, answer=MergeSerializer, refusals=[TransitionNotAllowed, VersionConflict, UndoBlocked])
    def undo(self, request, pk) -> Response:
        """Undo a merge

        Every row goes back to where it was, and the old id is a contact of its own again. What came after the merge stays with
        the survivor; `conflicts` tells what was changed since and therefore kept. Merges of one contact are undone in the
        opposite order: 409 `undo_blocked` names the one that comes first.
        """
        return self.respond(merging.undo(self.get_object().pk, **self.read(UndoBody), if_version=self.if_version, **self.by))
