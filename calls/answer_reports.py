"""Most asked, and asked but not answered: counts over an interval, each one statement by an index."""

from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db import connection

from config.platform.errors import Refusal

MOST = 200
LONGEST_DAYS = 800


class IntervalUnusable(Refusal):
    """`until` is a day not before `since`, and there are at most 800 days between them."""

    code = "interval_unusable"
    status = 400
    advice = "Send `until` on or after `since`, and at most 800 days later. Ask for a longer time in several requests."


def interval(since: date, until: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the first moment of the day ``since`` to the last of ``until``, as this zone counts days; the second is not included.

    Raises:
        IntervalUnusable
    """
    if not timedelta(0) <= until - since <= timedelta(days=LONGEST_DAYS) or not 1970 <= since.year <= until.year < 9000:
        raise IntervalUnusable("Give days between which lie at most 800, the first one first.")
    return datetime.combine(since, time(), tzinfo=zone), datetime.combine(until + timedelta(days=1), time(), tzinfo=zone)


COUNTS = """
    count(*) AS uses, count(DISTINCT u.call_id) AS calls, count(*) FILTER (WHERE u.helpful) AS helpful,
    count(*) FILTER (WHERE NOT u.helpful) AS unhelpful,
    round(count(*) FILTER (WHERE u.helpful)::numeric / nullif(count(u.helpful), 0), 3)::float8 AS helpful_share
"""
BY_ARTICLE = f"""
SELECT counted.*, a.slug, a.language, (
    SELECT title FROM crm_articleversion v WHERE v.article_id = a.id ORDER BY (v.status = 'published') DESC, v.number DESC LIMIT 1
) AS title
FROM (
    SELECT u.article_id AS article, {COUNTS} FROM calls_articleuse u
    WHERE u.at >= %(since)s AND u.at < %(until)s AND (%(queue)s = '' OR u.queue = %(queue)s)
    GROUP BY u.article_id ORDER BY uses DESC, article LIMIT %(limit)s
) counted JOIN crm_article a ON a.id = counted.article ORDER BY uses DESC, article
"""  # noqa: S608 (a constant is formatted in)
BY_TOPIC = f"""
SELECT t.code AS topic, t.name AS topic_name, {COUNTS} FROM calls_articleuse u LEFT JOIN crm_topic t ON t.id = u.topic_id
WHERE u.at >= %(since)s AND u.at < %(until)s AND (%(queue)s = '' OR u.queue = %(queue)s)
GROUP BY t.id, t.code, t.name ORDER BY uses DESC, t.code NULLS LAST LIMIT %(limit)s
"""  # noqa: S608 (a constant is formatted in)
UNANSWERED = """
SELECT q.id AS question, q.text, q.language, q.status, q.article_id AS article, t.code AS topic, counted.*
FROM (
    SELECT question_id, count(*) AS asked, count(DISTINCT call_id) AS calls, count(DISTINCT agent_id) AS people,
        min(at) AS first_asked_at, max(at) AS last_asked_at
    FROM calls_questionasked WHERE at >= %(since)s AND at < %(until)s GROUP BY question_id
) counted JOIN calls_unansweredquestion q ON q.id = counted.question_id LEFT JOIN crm_topic t ON t.id = q.topic_id
WHERE %(status)s = '' OR q.status = %(status)s
ORDER BY asked DESC, q.id LIMIT %(limit)s
"""


def most_asked(
    since: datetime, until: datetime, *, by: Literal["article", "topic"] = "article", queue: str = "", limit: int = MOST
) -> list[dict[str, Any]]:
    """What was read to callers most, with the share of those who said it helped among those who said anything."""
    return _rows(BY_ARTICLE if by == "article" else BY_TOPIC, since=since, until=until, queue=queue, limit=limit)


def unanswered(since: datetime, until: datetime, *, status: str = "", limit: int = MOST) -> list[dict[str, Any]]:
    """What was asked most and not answered."""
    rows = _rows(UNANSWERED, since=since, until=until, status=status, limit=limit)
    return [{name: value for name, value in row.items() if name != "question_id"} for row in rows]


def _rows(sql: str, **values: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
