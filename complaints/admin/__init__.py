"""The admin's pages of complaints; each module registers its own."""

from complaints.admin import attachments, complaints, escalation, messages, policies, routing, satisfaction, transfers

__all__ = ["attachments", "complaints", "escalation", "messages", "policies", "routing", "satisfaction", "transfers"]
