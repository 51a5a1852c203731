"""The admin's pages of campaigns; each module registers its own."""

from campaigns.admin import campaigns, fruits, retry_rules, survey_responses, surveys, targets

__all__ = ["campaigns", "fruits", "retry_rules", "survey_responses", "surveys", "targets"]
