from calls.admin import calls, events, lists, scripts

__all__ = ["calls", "events", "lists", "scripts"]
