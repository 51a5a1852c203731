"""The first page of the admin: the day."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from calls import today
from config.platform.admin_base import span
from config.platform.viewer import zone_of
from crm.phone_numbers import display

SILENT_AFTER = timedelta(minutes=2)
STATES = {
    "in_progress": ("talking", "good"),
    "ringing": ("ringing", "warn"),
    "queued": ("waiting", "info"),
    "initiated": ("begun", "plain"),
}


def show(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the template admin/index.html shows; ten statements, each by an index."""
    now = timezone.now()
    zone = zone_of(request.user.time_zone)  # type: ignore[union-attr]
    day = today.counts(now, zone)
    lost, lost_total = today.missed(now, zone)
    context.update(
        {
            "title": "Today",
            "now": now,
            "zone": zone.key,
            "day": day,
            "mean_wait": span(day.mean_wait_s),
            "talk_time": span(day.talk_s),
            "chart": today.bars(day.hours, now_hour=now.astimezone(zone).hour),
            "going_on": [_line(call, now) for call in today.going_on()],
            "lost": [{"call": call, "number": display(call.number)} for call in lost],
            "lost_total": lost_total,
            "stuck": today.stuck(),
            "counted": today.COUNTED,
            "quarantined": today.quarantined(),
            "imports": [_progress(batch) for batch in today.imports()],
            "phone_systems": today.phone_systems(),
            "heartbeats": [
                {"name": one.name, "at": one.beaten_at, "is_silent": now - one.beaten_at > SILENT_AFTER} for one in today.heartbeats()
            ],
        }
    )
    return context


def _line(call: Any, now: Any) -> dict[str, Any]:
    word, tone = STATES.get(call.state, (call.state, "plain"))
    number = display(call.customer_e164) if call.customer_e164 else call.from_raw or call.to_raw
    is_named = call.contact is not None and call.contact.search_key != ""
    return {
        "call": call,
        "state": word,
        "tone": tone,
        "with": str(call.contact) if is_named else number or "number withheld",
        "number": number if is_named else "",
        "since": call.answered_at or call.started_at,
        "lasts": span((now - (call.answered_at or call.started_at)).total_seconds()),
    }


def _progress(batch: Any) -> dict[str, Any]:
    percent = {"ready": 100, "done": 100}.get(batch.status)
    if percent is None:
        done = batch.applied if batch.status == "running" else batch.analysed
        percent = min(100, round(100 * done / batch.total)) if batch.total else 0
    return {"batch": batch, "percent": percent}
