from calls.admin import answers, calls, events, lists, quality, scripts

__all__ = ["answers", "calls", "events", "lists", "quality", "scripts"]
