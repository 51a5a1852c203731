"""The admin's pages of campaigns; each module registers its own."""

from campaigns.admin import fruits, retry_rules, targets

__all__ = ["fruits", "retry_rules", "targets"]
