from complaints.admin import complaints, policies, routing, transfers

__all__ = ["complaints", "policies", "routing", "transfers"]
