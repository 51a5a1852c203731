"""The admin's pages of campaigns; each module registers its own."""

from campaigns.admin import fruits, retry_rules, survey_responses, surveys, targets

__all__ = ["fruits", "retry_rules", "survey_responses", "surveys", "targets"]
