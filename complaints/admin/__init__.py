from complaints.admin import escalation, policies, routing, transfers

__all__ = ["escalation", "policies", "routing", "transfers"]
