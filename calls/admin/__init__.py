from calls.admin import answers, call_requests, calls, events, lists, scripts

__all__ = ["answers", "call_requests", "calls", "events", "lists", "scripts"]
