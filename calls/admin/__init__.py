from calls.admin import (
    agents,
    answers,
    call_requests,
    callbacks,
    calls,
    dispositions,
    events,
    lists,
    quality,
    recordings,
    return_calls,
    scripts,
)

__all__ = [
    "agents",
    "answers",
    "call_requests",
    "callbacks",
    "calls",
    "dispositions",
    "events",
    "lists",
    "quality",
    "recordings",
    "return_calls",
    "scripts",
]
