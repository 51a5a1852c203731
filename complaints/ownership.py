"""Who may handle a complaint: whoever has it, anybody while nobody has it, its department, and those who lead."""

from complaints.models import Complaint
from config.platform.errors import Refusal
from config.platform.models import LEADERS, Role, User

#: They have no rights but their scopes, and those were asked already.
UNBOUND = frozenset({*LEADERS, Role.INTEGRATION})


class NotYourComplaint(Refusal):
    """Somebody else has it in hand: they, their department's back office, or a supervisor may do this. Write them a message instead."""

    code = "not_your_complaint"
    status = 403
    advice = "Write them a message (`POST /complaints/{id}/messages/`), or ask a supervisor to assign it to you."


def may_handle(complaint: Complaint, by: User | None) -> bool:
    """Whether somebody may start, decide, end or change it. ``None`` is Switchboard itself, which follows its own rules.

    It must be one that they see; who sees what is ``Complaint.objects.visible_to``.
    """
    if by is None or by.role in UNBOUND or complaint.assignee_id is None or complaint.assignee_id == by.pk:
        return True
    if by.role != Role.BACK_OFFICE or complaint.department_id is None:
        return False
    return by.departments.filter(pk=complaint.department_id).exists()


def require_may_handle(complaint: Complaint, by: User | None) -> None:
    """Refuse somebody who may not handle it.

    Raises:
        NotYourComplaint
    """
    if not may_handle(complaint, by):
        raise NotYourComplaint("Somebody else has this complaint in hand.", assignee=str(complaint.assignee_id))
