from campaigns.admin import survey_responses, surveys

__all__ = ["survey_responses", "surveys"]
