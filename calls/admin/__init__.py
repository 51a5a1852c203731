from calls.admin import answers, calls, events, lists, scripts

__all__ = ["answers", "calls", "events", "lists", "scripts"]
