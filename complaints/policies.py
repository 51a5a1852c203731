"""Which promise holds for a complaint: the first SLA policy that fits."""

from collections.abc import Sequence
from uuid import UUID

from complaints.models import Complaint, SLAPolicy
from crm.models import Department


def fitting(complaint: Complaint) -> SLAPolicy | None:
    """The first active policy, by position, whose conditions all hold of the complaint; None when nothing is promised."""
    tags = set(complaint.contact.tags) if complaint.contact is not None else set()
    above = path(complaint.department)
    for policy in SLAPolicy.objects.filter(is_active=True).order_by("position", "id"):
        if (
            (not policy.kinds or complaint.kind in policy.kinds)
            and (not policy.severities or complaint.severity in policy.severities)
            and (not policy.priorities or complaint.priority in policy.priorities)
            and (policy.department_id is None or policy.department_id in above)
            and (not policy.contact_tag or policy.contact_tag in tags)
        ):
            return policy
    return None


def path(department: Department | None) -> Sequence[UUID]:
    """The ids of a department and of all above it."""
    found: list[UUID] = []
    while department is not None and department.pk not in found:
        found.append(department.pk)
        department = department.parent
    return found
