from complaints.admin import complaints, escalation, policies, routing, transfers

__all__ = ["complaints", "escalation", "policies", "routing", "transfers"]
