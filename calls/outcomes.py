"""How a call came out, from its terminal facts (ITU-T Q.850 causes; the words of phone systems)."""

import re

BY_CAUSE = {
    **dict.fromkeys((1, 22, 28), "invalid_number"),
    17: "busy",
    **dict.fromkeys((18, 19, 20), "no_answer"),
    21: "rejected",
    **dict.fromkeys((34, 38, 41, 42), "congestion"),
    **dict.fromkeys((16, 31), "canceled"),
}
BY_TEXT = {
    "answer": "answered", "answered": "answered", "completed": "answered",
    "busy": "busy", "userbusy": "busy",
    "noanswer": "no_answer", "nouserresponse": "no_answer", "unanswered": "no_answer", "timeout": "no_answer",
    "cancel": "canceled", "canceled": "canceled", "cancelled": "canceled", "originatorcancel": "canceled",
    "rejected": "rejected", "callrejected": "rejected", "declined": "rejected",
    "congestion": "congestion", "normalcircuitcongestion": "congestion", "switchcongestion": "congestion", "networkoutoforder": "congestion",
    "unallocatednumber": "invalid_number", "invalidnumber": "invalid_number", "invalidnumberformat": "invalid_number",
    "failed": "failed", "chanunavail": "failed", "machine": "machine", "voicemail": "voicemail",
    "blocked": "blocked", "blacklist": "blocked", "afterhours": "after_hours", "notworktime": "after_hours",
    "abandoned": "abandoned", "missed": "missed", "callbackrequested": "callback_requested", "overflow": "overflow",
}  # fmt: skip
QUEUE_REASONS = {
    **dict.fromkeys(
        ("timeout", "exitwithtimeout", "queuetimeout", "empty", "exitempty", "full", "joinempty", "noagent", "overflow"), "overflow"
    ),
    **dict.fromkeys(("abandon", "abandoned", "caller", "hangup", "caller_hangup"), "abandoned"),
    **dict.fromkeys(("callback", "callback_requested"), "callback_requested"),
    **dict.fromkeys(("afterhours", "after_hours", "closed"), "after_hours"),
    **dict.fromkeys(("blocked", "blacklist"), "blocked"),
}


def of_text(text: str) -> str:
    """The outcome that a phone system's own word means; empty when the word is not known."""
    return BY_TEXT.get(re.sub(r"[^a-z]", "", text.lower()), "")


def of_queue_reason(reason: str) -> str:
    """What leaving a queue for this reason makes of a call that nobody answered."""
    return QUEUE_REASONS.get(reason, "")


def inbound(*, answered: bool, voicemail: bool, queue_reason: str, queued: bool, rang: bool, cause_text: str, hangup_by: str) -> str:
    """The first that holds: an operator answered; voicemail; why the queue was left; it rang and nobody came."""
    if answered:
        return "answered"
    if voicemail:
        return "voicemail"
    said = of_text(cause_text)
    if said in ("blocked", "after_hours", "callback_requested", "overflow", "abandoned", "missed", "voicemail", "rejected"):
        return said
    why = of_queue_reason(queue_reason)
    if why:
        return why
    if queued:
        return "abandoned"
    if rang:
        return "missed"
    if said == "answered":
        return "answered"
    return said or ("abandoned" if hangup_by == "caller" else "unknown")


def outbound(*, answered: bool, machine: bool, cause: int | None, cause_text: str) -> str:
    """By the machine detector, then by whether the far side answered, then by cause, then by the word."""
    if machine:
        return "machine"
    if answered:
        return "answered"
    said = of_text(cause_text)
    if cause is not None and cause in BY_CAUSE and not (cause in (16, 31) and said):
        return BY_CAUSE[cause]
    if said:
        return said
    return "failed" if cause is not None else "unknown"
