from complaints.admin import attachments, complaints, escalation, messages, policies, routing, transfers

__all__ = ["attachments", "complaints", "escalation", "messages", "policies", "routing", "transfers"]
