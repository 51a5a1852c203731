"""What customers say when it is added up: by the department, topic and person that the complaint had when it was closed. One statement."""

from typing import Any

from complaints.reports import MOST, Asked, by_lines, dicts, named, share
from complaints.satisfaction import CONTENT

BY = {"": "", "department": "s.department_id", "topic": "s.topic_id", "agent": "s.agent_id"}
SQL = f"""
SELECT {{line}}, count(*) AS answers, round(avg(s.score), 2)::float8 AS mean,
    count(*) FILTER (WHERE s.score >= {CONTENT}) AS content, count(*) FILTER (WHERE s.is_solved) AS solved,
    count(*) FILTER (WHERE s.is_solved IS FALSE) AS not_solved,
    {", ".join(f"count(*) FILTER (WHERE s.score = {score}) AS score_{score}" for score in range(1, 6))},
    count(*) FILTER (WHERE s.answered_via = 'link') AS by_link
FROM complaints_satisfaction s JOIN complaints_complaint c ON c.id = s.complaint_id
WHERE s.state = 'answered' AND s.answered_at >= %(since)s AND s.answered_at < %(until)s
    AND (%(departments)s::uuid[] IS NULL OR s.department_id = ANY(%(departments)s::uuid[])) AND (%(kind)s = '' OR c.kind = %(kind)s)
GROUP BY {{grouping}} ORDER BY is_total DESC, answers DESC, grouped LIMIT {MOST + 1}
"""  # noqa: S608 (constants are formatted in)


def figures(asked: Asked, *, by: str = "") -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Answers given in the interval, in lines and all together; at most 500 lines, those with the most answers."""
    lines, total = [], {}
    for line in dicts(SQL.format(**by_lines(BY[by])), asked.values):
        line["content_share"] = share(line["content"], line["answers"])
        if line.pop("is_total"):
            total = {name: value for name, value in line.items() if name != "grouped"}
        elif by:
            lines.append({by: line.pop("grouped"), **line})
    return named(lines, by), total
