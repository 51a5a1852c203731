"""Part SATISFACTION writes this file; until then nothing is owed."""

from datetime import datetime

from complaints.models import Complaint


def owe(complaint: Complaint, now: datetime) -> None:
    """Owe the customer the question whether they are content."""
