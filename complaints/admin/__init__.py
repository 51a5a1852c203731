from complaints.admin import complaints

__all__ = ["complaints"]
