from complaints.admin import escalation

__all__ = ["escalation"]
