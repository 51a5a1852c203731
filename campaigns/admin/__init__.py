"""The admin's pages of campaigns; each module registers its own."""

from campaigns.admin import targets

__all__ = ["targets"]
