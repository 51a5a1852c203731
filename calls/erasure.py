"""What calls keep about people, and how they are taken out of it. That, when, how long and with what result somebody called stays."""

import secrets
from typing import Any, cast
from uuid import UUID

from django.db.models import Q, QuerySet

from calls import call_rows, recorded, revisions
from calls.models import Call, CallEvent, CallLeg
from config.platform import forgetting, outbox
from crm import traces
from crm.erasure import Holder
from crm.traces import ERASED, Traces

MANY = 500
#: What audit events of calls may go on telling: it tells of nobody.
TELLING = frozenset(
    {
        "source", "direction", "state", "outcome", "queue", "line", "contact_id", "match_quality", "agent_id", "phone_system_id",
        "started_at", "answered_at", "ended_at", "talk_s", "wait_s", "ring_s", "hold_s", "hangup_by", "wrap_up_state", "disposition_id",
        "wrapped_up_by_id", "wrapped_up_at", "wrap_s", "disposition_locked_at", "disposition_unlocked_at", "revision", "topics", "last_event_at", "is_partial", "is_stale_closed",
    }
)  # fmt: skip

#: By these an event is known and ordered: without them a late double would be a new event. Ids of phone systems tell of nobody.
IDENTITY = frozenset(
    {
        "dedupe_key", "content_hash", "type", "occurred_at", "call_key", "event_id", "time_source", "sequence", "linked_keys", "leg_key",
        "started_at", "answered_at", "ended_at", "flags",
    }
)  # fmt: skip


def calls_of(contact_id: UUID) -> QuerySet[Call]:
    """A contact's calls, and those with a number that only this contact has and that nobody was named for."""
    return Call.objects.filter(Q(contact=contact_id) | Q(contact=None, customer_e164__in=traces.own_numbers(contact_id)))


def personal_data(contact_id: UUID) -> list[dict[str, Any]]:
    """Every call, with what the phone system told of it."""
    ids = list(calls_of(contact_id).order_by("started_at", "id").values_list("pk", flat=True))
    told: dict[UUID, list[Any]] = {}
    for call_id, raw in CallEvent.objects.filter(call__in=ids).order_by("occurred_at", "id").values_list("call_id", "raw"):
        told.setdefault(call_id, []).append(raw)
    written = revisions.personal_data(ids)
    heard = recorded.of_calls(ids)
    return [
        row | {"told": told.get(row["id"], []), "write_ups": written.get(row["id"], []), "audio": heard.get(row["id"], [])}
        for row in call_rows.show(ids)
    ]


def pseudonymise(contact_id: UUID) -> int:
    """Numbers become tokens (the same number the same token, so that callers are still counted), names and notes go."""
    known = traces.of(contact_id)
    tokens: dict[str, str] = {}
    ids = list(calls_of(contact_id).order_by("pk").values_list("pk", flat=True))
    for begin in range(0, len(ids), MANY):
        _pseudonymise(ids[begin : begin + MANY], known, tokens)
    return len(ids)


def reasons_against(contact_id: UUID) -> list[str]:
    """Registered with ``crm.erasure.vetoes``: what is still said would be written down after the erasure."""
    return ["A call with this contact goes on."] if Call.objects.open().filter(contact=contact_id).exists() else []


def _pseudonymise(ids: list[UUID], known: Traces, tokens: dict[str, str]) -> None:
    calls = list(Call.objects.select_for_update().filter(pk__in=ids))
    ends = {call.pk: "to" if call.direction == Call.Direction.OUTBOUND else "from" for call in calls}
    token_of = {call.pk: tokens.setdefault(call.customer_e164 or call.from_raw, _token()) for call in calls}
    for call in calls:
        _blank_call(call, ends[call.pk], token_of[call.pk], known)
    Call.objects.bulk_update(
        calls,
        [
            "from_raw", "from_e164", "from_name", "to_raw", "to_e164", "to_name", "customer_e164", "note", "recordings", "transfers",
            "queue_stays", "answered_by_raw", "answered_by_name", "cause_text", "version",
        ],
        batch_size=MANY,
    )  # fmt: skip
    CallLeg.objects.filter(call__in=ids).exclude(party="agent").update(number_raw="", name="")
    revisions.pseudonymise(ids)
    events = list(CallEvent.objects.filter(call__in=ids).only("normalised", "raw", "call_id", "error"))
    for event in events:
        call_id = cast(UUID, event.call_id)
        event.normalised = _blank_event(event.normalised, ends[call_id], token_of[call_id], known)
        event.raw, event.error = {"erased": True}, ""
    CallEvent.objects.bulk_update(events, ["normalised", "raw", "error"], batch_size=MANY)
    recorded.erase(ids)
    outbox.forget_subjects(ids)
    forgetting.forget_changes(ids, telling=TELLING)


def _token() -> str:
    """Letters alone: digits might be read as an extension when the call is folded again."""
    return "erased-" + "".join(secrets.choice("bcdfghjkmnpqrstvwxz") for _ in range(10))


def _blank_call(call: Call, end: str, token: str, known: Traces) -> None:
    setattr(call, f"{end}_raw", token)
    setattr(call, f"{end}_e164", "")
    setattr(call, f"{end}_name", "")
    for name in ("from_raw", "from_e164", "from_name", "to_raw", "to_e164", "to_name", "answered_by_raw", "answered_by_name", "cause_text"):
        if known.are_in(getattr(call, name)):
            setattr(call, name, "")
    call.customer_e164 = token if call.customer_e164 else ""
    call.note = ERASED if call.note else ""
    call.recordings = []
    call.transfers, call.queue_stays = known.wiped(call.transfers), known.wiped(call.queue_stays)
    call.version += 1


def _blank_event(told: dict[str, Any], end: str, token: str, known: Traces) -> dict[str, Any]:
    """As the phone system told it, without the far side: folded again it gives the same call."""
    kept = {name: value if name in IDENTITY else known.wiped(value) for name, value in told.items() if name not in ("extra", "recording")}
    kept |= {name: empty for name, empty in (("extra", {}), ("recording", None)) if name in told}
    if kept.get(f"{end}_raw"):
        kept[f"{end}_raw"] = token
    if f"{end}_name" in kept:
        kept[f"{end}_name"] = ""
    return kept


CALLS = Holder(personal_data, pseudonymise)
