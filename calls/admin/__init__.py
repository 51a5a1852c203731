from calls.admin import answers, calls, events, figures, lists, scripts

__all__ = ["answers", "calls", "events", "figures", "lists", "scripts"]
