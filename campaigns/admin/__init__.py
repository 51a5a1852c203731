"""The admin's pages of campaigns; each module registers its own."""

from campaigns.admin import audiences, campaigns, fruits, retry_rules, survey_responses, surveys, targets

__all__ = ["audiences", "campaigns", "fruits", "retry_rules", "survey_responses", "surveys", "targets"]
