"""The surveys that somebody was asked, for their timeline."""

from uuid import UUID

from campaigns.models import SurveyResponse
from crm.timeline import Happening, Position, older


def happenings(contact_id: UUID, before: Position, limit: int) -> list[Happening]:
    """Newest first, by the index of the contact's responses."""
    rows = SurveyResponse.objects.filter(contact=contact_id).select_related("survey_version__survey", "agent")
    rows = rows.filter(older("started_at", before))
    return [
        Happening(
            at=row.started_at,
            kind="survey_response",
            id=row.pk,
            data={"survey": row.survey_version.survey.name, "state": row.state, "seconds": row.seconds},
            by=str(row.agent) if row.agent else None,
            resource="survey-responses",
        )
        for row in rows.order_by("-started_at", "-pk")[:limit]
    ]
