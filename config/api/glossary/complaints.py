"""Complaints: what customers say, who has it, what was promised and decided."""

DECIDED = {
    "upheld": "Decided: they are right.",
    "partly_upheld": "Decided: they are right in part.",
    "not_upheld": "Decided: they are not.",
    "rejected": "Not looked into.",
    "withdrawn": "Taken back by the customer.",
}
SCORES = {f"score_{number}": f"Answers of {number}." for number in range(1, 6)}
CHOSEN = {
    "kinds": "For complaints of these kinds. Empty: of every kind.",
    "severities": "For complaints of these severities. Empty: of any.",
}
OF: dict[str, dict[str, str]] = {
    "Attachment": {
        "message": "The message that it came with, by its id. Null: it stands alone.",
        "content_type": "Its media type, told by its bytes and not by its name.",
        "sha256": "SHA-256 of the file, in hexadecimal digits.",
        "scan_said": "What the scanner said of it.",
        "deleted_at": "When it was taken out. Null: it is here.",
    },
    "Candidate": {"person": "Who: the id of a user."},
    "ComplaintAge": {"open": "How many are open."},
    "ComplaintLink": {"number": "The number of the other.", "summary": "What the other is about, in a line.", "status": "How the other stands."},
    "ComplaintOutcomeFigures": DECIDED,
    "ComplaintOutcomeLine": DECIDED
    | {"kind": "Of this kind, when they are told apart by it.", "channel": "By this channel, when they are told apart by it.", "severity": "Of this severity, when they are told apart by it."},
    "ComplaintOutcomesReport": {"results": "A line for each of what they are told apart by."},
    "ComplaintTimesLine": {"steps": "How long each step took."},
    "ComplaintTimesReport": {"results": "A line for each department.", "total": "The same of all."},
    "ComplaintTransfer": {
        "from_department": "The department that had it, by its id. Null: none.",
        "from_assignee": "Who had it: the id of a user. Null: nobody.",
        "to_department": "The department that is to have it, by its id.",
        "to_person": "Who is to have it: the id of a user. Null: whoever the department gives it to.",
        "at": "When it was passed on.",
        "answered_by": "Who took it or gave it back: the id of a user. Null: nobody yet.",
        "answered_at": "When it was taken or given back. Null: it is not.",
    },
    "Escalation": {
        "complaint_number": "The number of the complaint.",
        "fired_at": "When it happened. Null: it was passed over.",
    },
    "EscalationPolicy": {
        "levels": "Its levels, the first one first.",
        "quiet_from": "From when nobody is told: HH:MM, by the department's clocks. Null: somebody may be told at any hour.",
        "quiet_until": "Until when nobody is told: HH:MM. Null: somebody may be told at any hour.",
    },
    "Level": {
        "number": "1 is the first.",
        "person": "Who is told, where `target` is a person: the id of a user.",
        "emails": "True: by e-mail too.",
        "raises_priority": "True: the complaint becomes more urgent.",
        "transfers_to": "The department that it is passed on to, by its id. Null: none.",
        "repeat_times": "How many times it is told again.",
    },
    "OpenComplaintsReport": {"results": "A line for each department."},
    "PassedComplaint": {"summary": "What it is about, in a line."},
    "Plan": {
        "started_at": "When the promise began.",
        "due_at": "For when it is promised.",
        "steps": "What would happen, in the order of time.",
    },
    "PlannedStep": {"level": "Which level, from 1."},
    "PolicyTrial": {"promises": "What would be promised, and for when."},
    "PolicyVerdict": {"policy": "The policy, by its id.", "position": "Where it stands: the first that fits holds."},
    "Promise": {"warn_at": "When whoever has it is warned. Null: they are not.", "due_at": "For when it is promised.", "note": "What the next operator should know."},
    "PromisesReport": {"results": "A line for each of what they are told apart by."},
    "RedressLine": {"complaints": "How many complaints.", "mean": "What was given on average. Null: nothing was.", "highest": "The most that was given. Null: nothing was."},
    "RedressReport": {"results": "A line for each redress and currency."},
    "RepeatedComplaintsLine": {"open": "How many of them are open.", "first_at": "When the first came in.", "last_at": "When the last came in."},
    "RepeatedComplaintsReport": {"at_least": "Whoever complained so many times, or more."},
    "RootCause": {"code": "By what it is named."},
    "RootCauseLine": {"root_cause": "The root cause, by its id. Null: none was found.", "complaints": "How many complaints."},
    "Routing": {"rule": "The rule that decided, by its id. Null: none did."},
    "RoutingRule": CHOSEN
    | {
        "channels": "For complaints that came by these channels. Empty: by any.",
        "products": "For complaints about these products: their ids. Empty: about any.",
        "person": "Who gets them: the id of a user. Null: nobody by name.",
    },
    "RuleVerdict": {"rule": "The rule, by its id.", "position": "Where it stands: the first that fits decides."},
    "SLAPolicy": CHOSEN
    | {
        "priorities": "For complaints of these priorities. Empty: of any.",
        "assign_s": "Seconds until somebody has it. Null: not promised.",
        "first_response_s": "Seconds until the customer hears from us. Null: not promised.",
        "resolve_s": "Seconds until it is resolved. Null: not promised.",
        "pauses_for_third_party": "True: the clock stands while somebody else is waited for.",
        "escalation": "What happens when it is broken, by the id of the policy. Null: nothing more.",
    },
    "Satisfaction": {
        "asked_at": "When they were asked. Null: they are yet to be.",
        "expires_at": "Until when they may answer.",
        "answered_at": "When they answered. Null: they did not.",
        "comment": "What they said besides.",
    },
    "SatisfactionFigures": SCORES,
    "SatisfactionLine": SCORES,
    "SatisfactionLink": {"satisfaction": "The question, by its id.", "expires_at": "Until when the link can be used."},
    "SatisfactionReport": {"results": "A line for each of what they are told apart by."},
    "SuggestedComplaint": {
        "number": "The number that people read out.",
        "summary": "What it was about, in a line.",
        "decision_text": "What was decided, in words.",
        "redress_amount": "What was given, in `currency`. Null: nothing was.",
        "corrective_action": "What was done so that it does not come again.",
        "resolved_at": "When it was resolved.",
        "is_satisfied": "Whether the customer was content. Null: they did not say.",
        "why": "Why it is suggested.",
    },
    "Suggestions": {"complaints": "Solved complaints like it.", "articles": "Articles that speak of it."},
}  # fmt: skip
