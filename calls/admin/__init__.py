from calls.admin import agents, answers, calls, events, lists, scripts

__all__ = ["agents", "answers", "calls", "events", "lists", "scripts"]
