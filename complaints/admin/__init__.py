from complaints.admin import attachments, messages

__all__ = ["attachments", "messages"]
