from calls.admin import agents, answers, callbacks, calls, dispositions, events, lists, quality, scripts

__all__ = ["agents", "answers", "callbacks", "calls", "dispositions", "events", "lists", "quality", "scripts"]
