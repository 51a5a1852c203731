"""What is counted of a call: one SQL text that the rollups and the reports share, so that they cannot differ.

Every figure is a whole number, times in milliseconds: sums are exact in any order.
"""

from calls.models import Queue

#: What adds up. All but ``LONGEST`` are sums.
COUNTS = (
    "calls", "offered", "answered", "in_time", "abandoned", "short_abandons", "attempts", "reached", "handled", "transfers", "waits",
    "first_contacts", "repeated", "wait_ms", "longest_wait_ms", "talk_ms", "hold_ms", "wrap_ms",
)  # fmt: skip
LONGEST = "longest_wait_ms"
SUMS = ", ".join(f"{'max' if name == LONGEST else 'sum'}({{0}}{name})::bigint AS {name}" for name in COUNTS)

#: Who hung up while nobody had answered: in a queue, or while it rang.
GAVE_UP = ("abandoned", "missed")
LONGEST_WRAP_S = 900
#: Time for writing up: as it was measured; of calls written up before it was, from the end to the last write-up.
WRAP_S = f"least(coalesce(c.wrap_s, extract(epoch FROM c.wrapped_up_at - c.ended_at), 0), {LONGEST_WRAP_S})"


def _ms(expression: str) -> str:
    """Milliseconds of seconds that may be missing or nonsense. LEAST and GREATEST pass over what is missing."""
    return f"round(1000 * least(greatest(coalesce({expression}, 0), 0), 1e9))::bigint"


def _limit(name: str) -> str:
    return f"coalesce(q.{name}, {getattr(Queue(), name)})::bigint * 1000"


def per_call(among: str, *, by_topic: bool) -> str:
    """Common table expressions, the last of them ``counted``: one line for each call of ``among``, with its figures as columns.

    With ``by_topic`` there is a line for each topic of a call, and what may be repeated is counted by topic.
    """
    return f"{calls_of(among)}, {lines('counted', by_topic=by_topic)}"


def calls_of(among: str) -> str:
    """Common table expressions that ``lines`` are made of. ``among`` gives whole rows of calls.

    ``%(first_contact_days)s`` is a parameter of the text. ``OFFSET 0``: the calls of some hours are few, which the planner cannot know, and
    would read all topics of all calls for them.
    """
    return f"""
    among AS MATERIALIZED (
        SELECT c.id, c.started_at, c.direction, c.queue, c.agent_id, c.contact_id, c.direction = 'inbound' AS is_in,
            c.direction = 'outbound' AS is_out, c.state = 'ended' AS is_over, c.outcome,
            c.answered_at IS NOT NULL AND c.outcome IN ('', 'answered') AS talked, c.wait_s IS NOT NULL AS has_wait,
            {_ms("c.wait_s")} AS wait, {_ms("c.talk_s")} AS talk, {_ms("c.hold_s")} AS hold, {_ms(WRAP_S)} AS wrap,
            CASE WHEN jsonb_typeof(c.transfers) = 'array' THEN jsonb_array_length(c.transfers) ELSE 0 END AS passed_on,
            {_limit("service_level_s")} AS in_time_ms, {_limit("short_abandon_s")} AS short_ms
        FROM ({among}) c LEFT JOIN calls_queue q ON q.slug = c.queue
    ), topics AS MATERIALIZED (
        SELECT c.id, t.topic_id, CASE WHEN c.is_in AND c.talked AND c.contact_id IS NOT NULL THEN EXISTS (
            SELECT FROM calls_call later JOIN calls_call_topics same ON same.call_id = later.id AND same.topic_id = t.topic_id
            WHERE later.contact_id = c.contact_id AND later.direction <> 'internal'
              AND later.started_at > c.started_at AND later.started_at <= c.started_at + %(first_contact_days)s * interval '24 hours'
        ) END AS is_repeated
        FROM among c CROSS JOIN LATERAL (SELECT topic_id FROM calls_call_topics WHERE call_id = c.id OFFSET 0) t
    )"""  # noqa: S608 (only constants are formatted in)


def lines(name: str, *, by_topic: bool) -> str:
    """The common table expression ``name``: a line for each call, or for each topic of a call."""
    return f"""
    {name} AS (
        SELECT c.id, c.started_at, c.direction, c.queue, c.agent_id, {"t.topic_id," if by_topic else ""}
            1 AS calls,
            (c.is_in AND (c.is_over OR c.talked))::int AS offered,
            (c.is_in AND c.talked)::int AS answered,
            (c.is_in AND c.talked AND c.wait <= c.in_time_ms)::int AS in_time,
            (c.is_in AND c.is_over AND NOT c.talked AND c.outcome IN {GAVE_UP} AND c.wait >= c.short_ms)::int AS abandoned,
            (c.is_in AND c.is_over AND NOT c.talked AND c.outcome IN {GAVE_UP} AND c.wait < c.short_ms)::int AS short_abandons,
            (c.is_out AND (c.is_over OR c.talked))::int AS attempts,
            (c.is_out AND c.talked)::int AS reached,
            ((c.is_in OR c.is_out) AND c.is_over AND c.talked)::int AS handled,
            c.passed_on AS transfers,
            (c.is_in AND c.talked AND c.has_wait)::int AS waits,
            (t.is_repeated IS NOT NULL)::int AS first_contacts,
            coalesce(t.is_repeated, false)::int AS repeated,
            CASE WHEN c.is_in AND c.talked THEN c.wait ELSE 0 END AS wait_ms,
            CASE WHEN c.is_in AND (c.is_over OR c.talked) THEN c.wait ELSE 0 END AS longest_wait_ms,
            CASE WHEN (c.is_in OR c.is_out) AND c.is_over AND c.talked THEN c.talk ELSE 0 END AS talk_ms,
            CASE WHEN (c.is_in OR c.is_out) AND c.is_over AND c.talked THEN c.hold ELSE 0 END AS hold_ms,
            CASE WHEN (c.is_in OR c.is_out) AND c.is_over AND c.talked THEN c.wrap ELSE 0 END AS wrap_ms
        FROM among c LEFT JOIN {"topics" if by_topic else "(SELECT id, bool_or(is_repeated) AS is_repeated FROM topics GROUP BY id)"} t
            ON t.id = c.id
    )"""  # noqa: S608 (only constants are formatted in)
