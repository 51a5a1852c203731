"""How much is overdue, for who watches the machines."""

from datetime import timedelta

from django.utils import timezone

from complaints.models import Clock, Complaint

#: A sweep comes every ten seconds: a step that waits longer than this says that none comes.
LATE = timedelta(minutes=1)


def overdue() -> dict[tuple[str, ...], float]:
    """Open complaints with a promise that is overdue, and promises whose step is late because no sweep comes"""
    now = timezone.now()
    return {
        ("overdue",): float(Complaint.objects.open().filter(due_at__lte=now).count()),
        ("steps_late",): float(Clock.objects.waiting_for_a_step(now - LATE).order_by().count()),
    }
