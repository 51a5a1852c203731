"""Who may handle a complaint."""

from complaints.models import Complaint
from config.platform.errors import Refusal
from config.platform.models import LEADERS, Role, User


class NotYourComplaint(Refusal):
    """Somebody else has this complaint; they or a supervisor handle it."""

    code = "not_your_complaint"
    status = 403


def require_may_handle(complaint: Complaint, by: User) -> None:
    """Refuse whoever neither has the complaint, nor may take one that nobody has, nor leads.

    Raises:
        NotYourComplaint
    """
    if by.role in (*LEADERS, Role.INTEGRATION) or complaint.assignee_id in (None, by.pk):
        return
    if by.role == Role.BACK_OFFICE and by.departments.filter(pk=complaint.department_id).exists():
        return
    raise NotYourComplaint("Somebody else has this complaint: they or a supervisor handle it.")
