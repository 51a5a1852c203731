"""The figures of reports counted by plain Python from the rows, for comparing: written without a look at calls.figures."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from calls.models import Call, Queue

FCR_DAYS = 7


def ms(value):
    return round(1000 * value) if value else 0


def recount(edges, *, group_by="", queue=None, agent=None, topic=None, direction=""):
    """``{(interval, group): figures}`` of the calls that began between the first edge and the last."""
    calls = list(Call.objects.prefetch_related("topics"))
    limits = {row.slug: row for row in Queue.objects.all()}
    usual = Queue()
    topics = {call.pk: {one.pk for one in call.topics.all()} for call in calls}
    found = {}
    for call in calls:
        if not edges[0] <= call.started_at < edges[-1]:
            continue
        if (queue is not None and call.queue != queue) or (agent is not None and call.agent_id != agent):
            continue
        if direction and call.direction != direction:
            continue
        number = max(n for n, edge in enumerate(edges) if edge <= call.started_at)
        for group, own in groups(call, group_by, topics[call.pk], topic):
            figures = figures_of(call, calls, topics, own, limits.get(call.queue, usual))
            sums = found.setdefault((number, group), dict.fromkeys(figures, 0))
            for name, value in figures.items():
                sums[name] = max(sums[name], value) if name == "longest_wait_ms" else sums[name] + value
    return found


def groups(call, group_by, topics, topic):
    """The groups that a call is in, each with the topics that its being repeated is judged by."""
    if topic is not None:
        return [(topic if group_by == "topic" else group_of(call, group_by), {topic})] if topic in topics else []
    if group_by == "topic":
        return [(one, {one}) for one in topics] or [(None, set())]
    return [(group_of(call, group_by), topics)]


def group_of(call, group_by):
    return {"": None, "queue": call.queue, "agent": call.agent_id, "direction": call.direction}[group_by]


def figures_of(call, calls, topics, own, limits):
    inbound, outbound = call.direction == "inbound", call.direction == "outbound"
    talked = call.answered_at is not None and call.outcome in ("", "answered")
    over = call.state == "ended"
    lost = inbound and over and not talked and call.outcome in ("abandoned", "missed")
    handled = over and talked and (inbound or outbound)
    wait = ms(call.wait_s)
    wrap = 0
    if handled and call.wrapped_up_at and call.ended_at:
        wrap = ms(min(900, max(0, (call.wrapped_up_at - call.ended_at).total_seconds())))
    first = inbound and talked and call.contact_id is not None and bool(own)
    again = first and any(
        other.contact_id == call.contact_id
        and other.direction != "internal"
        and timedelta(0) < other.started_at - call.started_at <= timedelta(days=FCR_DAYS)
        and own & topics[other.pk]
        for other in calls
    )
    return {
        "calls": 1,
        "offered": int(inbound and (over or talked)),
        "answered": int(inbound and talked),
        "in_time": int(inbound and talked and wait <= 1000 * limits.service_level_s),
        "abandoned": int(lost and wait >= 1000 * limits.short_abandon_s),
        "short_abandons": int(lost and wait < 1000 * limits.short_abandon_s),
        "attempts": int(outbound and (over or talked)),
        "reached": int(outbound and talked),
        "handled": int(handled),
        "transfers": len(call.transfers),
        "waits": int(inbound and talked and call.wait_s is not None),
        "first_contacts": int(first),
        "repeated": int(again),
        "wait_ms": wait if inbound and talked else 0,
        "longest_wait_ms": wait if inbound and (over or talked) else 0,
        "talk_ms": ms(call.talk_s) if handled else 0,
        "hold_ms": ms(call.hold_s) if handled else 0,
        "wrap_ms": wrap,
    }


ZONES = [
    ZoneInfo(name) for name in ("UTC", "Asia/Kathmandu", "Pacific/Chatham", "Australia/Lord_Howe", "Europe/Berlin", "America/St_Johns")
]
