from calls.admin import agents, answers, calls, events, lists, quality, scripts

__all__ = ["agents", "answers", "calls", "events", "lists", "quality", "scripts"]
