from calls.admin import answers, calls, events, lists, recordings, scripts

__all__ = ["answers", "calls", "events", "lists", "recordings", "scripts"]
