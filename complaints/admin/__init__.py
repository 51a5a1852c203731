from complaints.admin import policies, routing, transfers

__all__ = ["policies", "routing", "transfers"]
