from calls.admin import answers, callbacks, calls, dispositions, events, lists, scripts

__all__ = ["answers", "callbacks", "calls", "dispositions", "events", "lists", "scripts"]
