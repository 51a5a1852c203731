"""The admin's pages of campaigns; each module registers its own."""

from campaigns.admin import audiences, campaigns, fruits, retry_rules, targets

__all__ = ["audiences", "campaigns", "fruits", "retry_rules", "targets"]
