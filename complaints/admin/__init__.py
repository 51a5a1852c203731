"""The admin's pages of complaints; each module registers its own."""

from complaints.admin import satisfaction

__all__ = ["satisfaction"]
