"""What every part has: people who sign in, tokens, webhooks, the history."""

OF: dict[str, dict[str, str]] = {
    "AuditEvent": {
        "at": "When it was done.",
        "subject_type": "Of what it tells, for instance `contact`.",
        "subject_id": "The id of what it tells of.",
        "verb": "What was done.",
        "status_before": "How it stood before; empty: it has no states.",
        "status_after": "How it stood after; empty: it has no states.",
        "reason": "Why, in the words of whoever did it; empty: nothing was said.",
        "facts": "What else is known of it.",
    },
    "Issue": {"expires_in_days": "After how many days it ends. Null: it does not."},
    "Login": {"username": "The name to sign in with.", "password": "The password."},
    "WebhookEndpoint": {
        "description": "What it is for.",
        "disabled_at": "When it was switched off. Null: it is not.",
        "last_delivered_at": "When it last took something. Null: never.",
        "previous_secret_until": "Until when the secret before signs too. Null: there is none.",
    },
    "Rotated": {"old_secret_until": "Until when the old secret signs too."},
    "Ticket": {"expires_at": "Until when it can be used."},
    "User": {
        "name": "The first name.",
        "display_name": "The name as it is shown.",
        "email": "Where we write to them. May be empty.",
        "password": "The password. Without one they cannot sign in with a name and a password.",
    },
    "WebhookAttempt": {"at": "When it was tried.", "took_ms": "Milliseconds until it answered, or did not."},
    "WebhookDelivery": {
        "endpoint": "The webhook, by its id.",
        "event": "The news, by its id.",
        "type": "What happened.",
        "tries": "How many times it was tried.",
        "last_took_ms": "Milliseconds until the last answer. Null: it was never tried.",
        "last_error": "Why the last try failed; empty: it did not.",
    },
}  # fmt: skip
