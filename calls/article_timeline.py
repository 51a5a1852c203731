"""What was read to a contact, in their timeline."""

from uuid import UUID

from calls.models import ArticleUse
from crm.timeline import Happening, Position, older


def of_contact(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Registered with ``crm.timeline.sources``: the answers given on the contact's calls."""
    rows = (
        ArticleUse.objects.filter(older("at", before), call__contact=contact_id)
        .select_related("article", "article_version", "agent")
        .order_by("-at", "-id")[:limit]
    )
    return [
        Happening(
            row.at,
            "answer",
            row.pk,
            {
                "article": str(row.article_id),
                "slug": row.article.slug,
                "title": row.article_version.title,
                "short_answer": row.article_version.short_answer,
                "helpful": row.helpful,
                "call": str(row.call_id),
                "agent": str(row.agent) if row.agent else None,
            },
            by=str(row.agent) if row.agent else None,
            resource="article-uses",
        )
        for row in rows
    ]
