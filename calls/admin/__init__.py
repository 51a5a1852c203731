from calls.admin import agents, answers, callbacks, calls, dispositions, events, lists, quality, recordings, return_calls, scripts

__all__ = ["agents", "answers", "callbacks", "calls", "dispositions", "events", "lists", "quality", "recordings", "return_calls", "scripts"]
