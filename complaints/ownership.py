"""Who may handle a complaint: whoever has it, the departments whose it is, leaders; everybody what nobody has."""

from complaints.models import Complaint
from config.platform.errors import Refusal
from config.platform.models import LEADERS, Role, User


class NotYourComplaint(Refusal):
    """Somebody else handles it: they, their department's back office or a supervisor may do this."""

    code = "not_your_complaint"
    status = 403


def require_may_handle(complaint: Complaint, by: User | None) -> None:
    """Refuse whoever is not to handle it. Nobody (``None``) is the system itself.

    Raises:
        NotYourComplaint
    """
    if by is None or by.role in LEADERS or complaint.assignee_id in (None, by.pk):
        return
    if by.role == Role.BACK_OFFICE and by.departments.filter(pk=complaint.department_id).exists():
        return
    raise NotYourComplaint("Somebody else handles this complaint.")
