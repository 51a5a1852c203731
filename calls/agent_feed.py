"""What the live feed tells of agents: the kinds of its messages, each with an example."""

from typing import Any

from config.platform import feed

AGENT = "0199a1b2-0000-7000-8000-293a4b5c6d7e"
CALL = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"
STATE: dict[str, Any] = {
    "agent": AGENT,
    "name": "Иванова Анна Петровна",
    "state": "paused",
    "since": "2026-11-23T09:00:00Z",
    "declared": "paused",
    "observed": "",
    "conflict": "",
    "pause_code": "lunch",
    "pending_pause": None,
    "asked_pause": None,
    "call": None,
    "by": "Орлов Сергей Викторович",
    "reason": "You asked me on the floor.",
}
OFFER: dict[str, Any] = {
    "call": CALL,
    "seconds": 120,
    "until": "2026-11-23T09:10:00Z",
    "reasons": ["topic:complaint"],
    "text": "That was a hard call. Take a moment for yourself, if you like: nobody minds, and nothing is counted against you.",
}


def declare() -> None:
    """Called once, when the app is ready."""
    feed.declare("agent.state", "An agent's state changed; told to the agent and to the leads of their teams.", STATE)
    feed.declare(
        "agent.signed_in_elsewhere",
        "You signed in at another screen: the screen that has this `session` counts no more.",
        {"session": "6f1f6f0e-8f6a-4c56-9d5c-0d8a7f0b1c2d", "device": "Firefox, desk 12"},
    )
    feed.declare(
        "agent.pause_asked",
        "An agent asks a lead for a pause that requires a yes.",
        {"agent": AGENT, "name": STATE["name"], "pause_code": "training", "pause_name": "Training", "asked_at": "2026-11-23T09:00:00Z"},
    )
    feed.declare(
        "agent.pause_answered",
        "The pause that you asked for was agreed to or declined.",
        {"agreed": True, "pause_code": "training", "by": STATE["by"], "reason": ""},
    )
    feed.declare(
        "agent.pause_over",
        "A pause lasts longer than its code allows; told once to the agent and the leads. Nothing is forced.",
        {
            "agent": AGENT,
            "name": STATE["name"],
            "pause_code": "lunch",
            "since": "2026-11-23T09:00:00Z",
            "over_since": "2026-11-23T09:30:00Z",
        },
    )
    feed.declare(
        "break.due",
        "A break is due; told when it falls due, and again from time to time until you rest.",
        {
            "since": "2026-11-23T11:00:00Z",
            "reason": "desk",
            "text": "You have been at the desk for 2 h without a break of 5 min: your back needs one.",
            "stretch": "Stand up, roll your shoulders back ten times, look at something far away for half a minute.",
        },
    )
    feed.declare("micro_pause.offered", "A micro-pause is offered after a hard call; declining is fine.", OFFER)
