"""A year of calls of a call centre, made by the database itself: eight to eight, most at noon, two hundred agents, eight queues."""

import time
from collections.abc import Callable
from datetime import date, timedelta

from django.db import connection, transaction

from calls.models import Queue
from config.platform.models import Role, User
from crm.models import Topic
from tests.benchmarks.filling import without_indexes

DAYS = 364
#: Contacts are ids alone: reports join no contact.
CONTACTS = 2_000_000
CALLS = """
INSERT INTO calls_call (id, created_at, updated_at, version, source, external_id, direction, state, outcome, from_raw, from_e164, from_name,
    to_raw, to_e164, to_name, customer_e164, line, queue, contact_id, match_quality, agent_id, answered_by_raw, answered_by_name, started_at,
    answered_at, ended_at, wait_s, talk_s, hold_s, hangup_by, cause_text, is_partial, is_stale_closed, transfers, queue_stays,
    recordings, linked_ids, flags, last_event_at, wrap_up_state, wrapped_up_at, note)
SELECT ('0199a1b2-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, at, at, 1, 'event', '', direction, 'ended', outcome,
    number, number, '', '+78001234567', '+78001234567', '', number, '', 'queue-' || (agent + (luck < 0.2)::int) %% %(queues)s,
    ('0199a1b2-1111-7000-8000-' || lpad(to_hex(who), 12, '0'))::uuid, 'exact',
    CASE WHEN outcome = 'answered' THEN (%(agents)s::uuid[])[1 + agent] END, '', '', at,
    CASE WHEN outcome = 'answered' THEN at + wait * interval '1 second' END, at + (wait + talk) * interval '1 second', wait,
    CASE WHEN outcome = 'answered' THEN talk ELSE 0 END, CASE WHEN luck < 0.1 THEN 20.5 ELSE 0 END, 'caller', '', false, false,
    CASE WHEN luck < 0.05 THEN '[{"kind": "blind"}]' ELSE '[]' END::jsonb, '[]', '[]', '[]', '[]', at, 'done',
    at + (wait + talk + 35) * interval '1 second', ''
FROM (
    SELECT i, at, luck, CASE WHEN luck > 0.85 THEN 'outbound' ELSE 'inbound' END AS direction, number, who, agent,
        CASE WHEN luck > 0.85 THEN CASE WHEN luck > 0.94 THEN 'no_answer' ELSE 'answered' END
            WHEN luck > 0.80 THEN 'abandoned' WHEN luck > 0.78 THEN 'missed' WHEN luck > 0.76 THEN 'overflow' ELSE 'answered' END AS outcome,
        round((-ln(1 - random()) * 14)::numeric, 3)::float8 AS wait, round((20 + -ln(1 - random()) * 200)::numeric, 3)::float8 AS talk
    FROM (
        SELECT i, %(begin)s::timestamptz + (i * %(days)s::bigint / %(calls)s) * interval '1 day'
            + (28800 + 43200 * (random() + random()) / 2) * interval '1 second' AS at,
            random() AS luck, (random() * %(contacts)s)::int AS who, (random() * %(many)s)::int %% %(many)s AS agent,
            '+7916' || lpad((random() * 9999999)::int::text, 7, '0') AS number
        FROM generate_series(1, %(calls)s) AS i
    ) a
) b
"""
TOPICS = """
INSERT INTO calls_call_topics (call_id, topic_id)
SELECT id, (%(topics)s::uuid[])[1 + (random() * 1000000)::int %% %(many)s] FROM calls_call WHERE outcome = 'answered' AND random() < 0.7
"""


def fill(calls: int, *, last: date, queues: int, agents: int, topics: int, say: Callable[[str], None]) -> None:
    """Fill the tables, unless an earlier run did."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM (SELECT FROM calls_call LIMIT 1) one")
        if cursor.fetchone()[0]:
            return
    began = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        people = [User(username=f"agent-{n}", surname=f"Agent {n}", role=Role.AGENT) for n in range(agents)]
        User.objects.bulk_create(people)
        Queue.objects.bulk_create([Queue(slug=f"queue-{n}", name=f"Queue {n}", service_level_s=15 + n) for n in range(queues)])
        subjects = Topic.objects.bulk_create([Topic(code=f"topic-{n}", name=f"Topic {n}") for n in range(topics)])
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'; SELECT setseed(0.5)")
        # neither keys nor triggers: the rollups are counted afterwards, as after an upgrade. Nothing here is worth a log.
        cursor.execute("SET LOCAL session_replication_role = replica")
        values = {
            "begin": last - timedelta(days=DAYS - 1),
            "days": DAYS,
            "calls": calls,
            "contacts": CONTACTS,
            "queues": queues,
            "many": agents,
            "agents": [str(one.pk) for one in people],
        }
        with without_indexes("calls_call"):
            cursor.execute(CALLS, values)
        say(f"{calls:,} calls in {time.monotonic() - began:.0f} s")
        with without_indexes("calls_call_topics"):
            cursor.execute(TOPICS, {"topics": [str(one.pk) for one in subjects], "many": topics})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE calls_call, calls_call_topics")
    say(f"filled in {time.monotonic() - began:.0f} s")
