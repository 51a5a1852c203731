"""Part ROUTING writes this file; until then a topic's department has it."""

from datetime import datetime

from complaints.models import Complaint


def route(complaint: Complaint, *, now: datetime) -> None:
    """Set the department, the assignee and ``routed_by`` of a complaint that is just received; the caller saves it."""
    if complaint.department is None and complaint.topic is not None:
        complaint.department = complaint.topic.department
    if complaint.assignee_id is not None:
        complaint.status = "assigned"
