from calls.admin import answers, callbacks, calls, events, lists, scripts

__all__ = ["answers", "callbacks", "calls", "events", "lists", "scripts"]
