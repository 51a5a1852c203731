"""How a call came out, from its terminal facts: ITU-T Q.850 causes and the words of phone systems."""

import re
from functools import lru_cache

BY_CAUSE = {
    **dict.fromkeys((1, 22, 28), "invalid_number"),
    17: "busy",
    **dict.fromkeys((18, 19, 20), "no_answer"),
    21: "rejected",
    **dict.fromkeys((34, 38, 41, 42), "congestion"),
}
#: The line failed, or nothing is known: nobody was disturbed, and it does not count against the customer.
TECHNICAL = frozenset({"failed", "congestion", "unknown", "blocked"})
#: Causes of a call that was ended in the normal way: they tell who stopped it, not why nobody answered.
NORMAL = (16, 31)
WORDS = {
    "answered": "answer answered completed connected",
    "busy": "busy userbusy busyhere busyeverywhere",
    "no_answer": "noanswer nouserresponse unanswered notanswered timeout subscriberabsent temporarilyunavailable progresstimeout allottedtimeout requesttimeout",
    "rejected": "rejected callrejected declined decline",
    "canceled": "cancel canceled cancelled originatorcancel requestterminated normalclearing normalunspecified",
    "congestion": "congestion normalcircuitcongestion switchcongestion networkoutoforder normaltemporaryfailure serviceunavailable",
    "invalid_number": "unallocatednumber invalidnumber invalidnumberformat numberchanged notfound",
    "failed": "failed chanunavail destinationoutoforder recoveryontimerexpire noroutedestination",
    "machine": "machine answeringmachine",
    "voicemail": "voicemail",
    "blocked": "blocked blacklist blacklisted",
    "after_hours": "afterhours closed closetime notworktime",
    "abandoned": "abandon abandoned waitinggiveup ivrgiveup",
    "missed": "missed ringinggiveup",
    "callback_requested": "callback callbackrequested",
    "overflow": "overflow queuetimeout noseatonline noagent",
}
BY_TEXT = {word: outcome for outcome, words in WORDS.items() for word in words.split()}
QUEUE_WORDS = {
    "answered": "answered agent connect connected completed complete completeagent completecaller",
    "abandoned": "abandon abandoned caller customer hangup callerhangup",
    "overflow": "timeout exitwithtimeout queuetimeout empty exitempty joinempty leaveempty full maxcalls noagent holdtime overflow",
    "callback_requested": "callback callbackrequested holdrecallxfer",
    "after_hours": "afterhours closed closetime",
    "blocked": "blocked blacklist",
}
BY_REASON = {word: outcome for outcome, words in QUEUE_WORDS.items() for word in words.split()}


@lru_cache(maxsize=512)
def of_text(text: str) -> str:
    """The outcome that a phone system's own word means; empty when the word is not known."""
    return BY_TEXT.get(_letters(text), "")


@lru_cache(maxsize=512)
def of_queue_reason(reason: str) -> str:
    """What leaving a queue for this reason makes of a call; empty when the reason is not known."""
    return BY_REASON.get(_letters(reason), "")


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def denied(cause: int | None, cause_text: str) -> bool:
    """Whether cause or word say that the far side did not answer. A normal clearing says nothing of it."""
    return cause in BY_CAUSE or of_text(cause_text) in ("busy", "no_answer", "rejected", "congestion", "invalid_number", "failed")


def inbound(
    *, answered: bool, voicemail: bool, left_queue: str, in_queue: bool, rang: bool, cause: int | None, cause_text: str, hangup_by: str
) -> str:
    """The first that holds: an operator answered; a voicemail was left; why the queue was left; it rang and nobody came.

    ``left_queue`` is the outcome that the reason of the last leaving means. Who was still ``in_queue`` at the end gave up,
    unless the system says that it ended the call.
    """
    said = of_text(cause_text)
    if answered or left_queue == "answered":
        return "answered"
    if voicemail or said == "voicemail":
        return "voicemail"
    if left_queue:
        return left_queue
    if said in ("blocked", "after_hours", "callback_requested", "overflow", "abandoned", "missed"):
        return said
    if in_queue:
        return "overflow" if hangup_by == "system" else "abandoned"
    if said == "answered":
        return "answered"
    if rang or said in ("no_answer", "canceled") or BY_CAUSE.get(cause or 0) == "no_answer":
        return "abandoned" if said == "canceled" and not rang and hangup_by == "caller" else "missed"
    found = BY_CAUSE.get(cause or 0) or said
    if found:
        return found
    return "abandoned" if hangup_by == "caller" and not cause_text else "unknown"


def outbound(*, answered: bool, machine: bool, voicemail: bool, rang: bool, clues: list[tuple[int | None, str]], hangup_by: str) -> str:
    """The machine detector, then whether the far side answered, then the cause, then the word.

    ``clues`` are pairs of cause and word, the call's own first, then those of its legs to the far side: a call that was
    cleared normally was busy if that is what its leg says.
    """
    if machine:
        return "machine"
    if voicemail:
        return "voicemail"
    if answered:
        return "answered"
    for cause, _ in clues:
        if cause in BY_CAUSE:
            return BY_CAUSE[cause]
    said = [meant for _, text in clues if (meant := of_text(text))]
    for meant in said:
        if meant != "canceled":
            return meant
    causes = [cause for cause, _ in clues if cause]
    if any(cause not in NORMAL for cause in causes):
        return "failed"
    if said or causes:
        return "canceled"
    if any(text for _, text in clues):
        return "unknown"
    if rang:
        return "canceled" if hangup_by == "agent" else "no_answer"
    return "canceled" if hangup_by == "agent" else "unknown"
