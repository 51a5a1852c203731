from calls.admin import agents, answers, calls, events, figures, lists, scripts

__all__ = ["agents", "answers", "calls", "events", "figures", "lists", "scripts"]
