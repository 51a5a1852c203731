from calls.admin import calls, events, lists

__all__ = ["calls", "events", "lists"]
