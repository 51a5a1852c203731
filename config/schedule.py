"""What Celery's clock wakes, how often in seconds, and which worker does it."""

from typing import Any

#: Tasks that may take long have a worker of their own; all others are of the queue 'fast'.
ROUTES: dict[str, dict[str, str]] = {
    "calls.expire_recordings": {"queue": "batch"},
    "calls.fetch_recordings": {"queue": "batch"},
    "calls.sweep_rollups": {"queue": "batch"},
    "complaints.reckon_clocks": {"queue": "batch"},
    "complaints.scan_attachments": {"queue": "batch"},
    "complaints.sweep_attachment_files": {"queue": "batch"},
    "crm.apply_retention": {"queue": "batch"},
    "crm.look_for_duplicates": {"queue": "batch"},
    "crm.run_exports": {"queue": "batch"},
    "crm.run_imports": {"queue": "batch"},
    "crm.run_suppression_uploads": {"queue": "batch"},
    "platform.beat_batch": {"queue": "batch"},
    "platform.send_letters": {"queue": "batch"},
}

#: Sweeps: each looks for rows that say they are due. They are written into the schedule that an admin sees.
SWEEPS: dict[str, dict[str, Any]] = {
    "Heartbeat of the queue 'fast'": {"task": "platform.beat_fast", "schedule": 30.0},
    "Heartbeat of the queue 'batch'": {"task": "platform.beat_batch", "schedule": 30.0, "options": {"queue": "batch"}},
    "Imports that nobody woke": {"task": "crm.run_imports", "schedule": 15.0, "options": {"queue": "batch"}},
    "Contacts that may be one": {"task": "crm.look_for_duplicates", "schedule": 60.0, "options": {"queue": "batch"}},
    "Merges that are not settled": {"task": "crm.settle_merges", "schedule": 30.0},
    "Exports that nobody woke": {"task": "crm.run_exports", "schedule": 15.0, "options": {"queue": "batch"}},
    "Exports whose time is over": {"task": "crm.expire_exports", "schedule": 1800.0},
    "What is kept no longer": {"task": "crm.apply_retention", "schedule": 6 * 3600.0, "options": {"queue": "batch"}},
    "Do-not-call lists that nobody woke": {"task": "crm.run_suppression_uploads", "schedule": 15.0, "options": {"queue": "batch"}},
    "Callbacks whose time has come": {"task": "calls.tend_callbacks", "schedule": 10.0},
    "Callbacks whose zone changed": {"task": "calls.reckon_callbacks_anew", "schedule": 6 * 3600.0},
    "Calls that fell silent": {"task": "calls.close_silent_calls", "schedule": 60.0},
    "Write-ups that take too long": {"task": "calls.close_overdue_wrap_ups", "schedule": 15.0},
    "Return calls that are overdue": {"task": "calls.tell_overdue_return_calls", "schedule": 30.0},
    "Return calls that nobody came to": {"task": "calls.expire_return_calls", "schedule": 600.0},
    "Transfers of which nothing came": {"task": "calls.expire_transfers", "schedule": 30.0},
    "Commands to phone systems that nobody woke": {"task": "calls.send_commands", "schedule": 5.0},
    "Calls asked for that did not come": {"task": "calls.end_overdue_requests", "schedule": 5.0},
    "Events waiting to be folded": {"task": "calls.fold_waiting_events", "schedule": 10.0},
    "Reviews claimed too long ago": {"task": "calls.release_stale_reviews", "schedule": 300.0},
    "Agents of whom nothing is heard": {"task": "calls.watch_agents", "schedule": 10.0},
    "Breaks that are due": {"task": "calls.tell_breaks", "schedule": 20.0},
    "Recordings to be fetched": {"task": "calls.fetch_recordings", "schedule": 15.0, "options": {"queue": "batch"}},
    "Recordings past their time": {"task": "calls.expire_recordings", "schedule": 900.0, "options": {"queue": "batch"}},
    "Reports to be counted": {"task": "calls.sweep_rollups", "schedule": 10.0, "options": {"queue": "batch"}},
    "Alarms of queues": {"task": "calls.watch_queues", "schedule": 10.0},
    "Promises with which something happens": {"task": "complaints.tend_clocks", "schedule": 10.0},
    "Clocks whose calendar was changed": {"task": "complaints.reckon_clocks", "schedule": 15.0, "options": {"queue": "batch"}},
    "Attachments of complaints to be looked through": {
        "task": "complaints.scan_attachments",
        "schedule": 15.0,
        "options": {"queue": "batch"},
    },
    "Files that no complaint names": {"task": "complaints.sweep_attachment_files", "schedule": 6 * 3600.0, "options": {"queue": "batch"}},
    "Questions to customers whose time is over": {"task": "complaints.expire_satisfaction", "schedule": 600.0},
    "Old idempotency records": {"task": "platform.forget_old_keys", "schedule": 3600.0},
    "E-mails that nobody woke": {"task": "platform.send_letters", "schedule": 15.0, "options": {"queue": "batch"}},
    "Old e-mails": {"task": "platform.forget_letters", "schedule": 3600.0},
    "Old news for other systems": {"task": "platform.forget_outbox", "schedule": 3600.0},
    "Old messages of the live feed": {"task": "platform.forget_feed", "schedule": 3600.0},
}
