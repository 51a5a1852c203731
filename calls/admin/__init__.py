from calls.admin import answers, calls, events, lists

__all__ = ["answers", "calls", "events", "lists"]
