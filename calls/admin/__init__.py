from calls.admin import answers, calls, events, lists, return_calls, scripts

__all__ = ["answers", "calls", "events", "lists", "return_calls", "scripts"]
