from calls.admin import announcements, answers, calls, events, lists, scripts

__all__ = ["announcements", "answers", "calls", "events", "lists", "scripts"]
