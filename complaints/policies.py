"""Which promise holds for a complaint: the first SLA policy that fits."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from complaints.models import Complaint, SLAPolicy
from crm.models import Department


def fitting(complaint: Complaint) -> SLAPolicy | None:
    """The first active policy, by position, whose conditions all hold of the complaint; None when nothing is promised."""
    return next((policy for policy, against in judged(complaint) if not against), None)


def judged(complaint: Complaint) -> Iterator[tuple[SLAPolicy, list[str]]]:
    """Every active policy in order, with the names of its conditions that do not hold of the complaint; none: it fits."""
    tags = set(complaint.contact.tags) if complaint.contact is not None else set()
    above = path(complaint.department)
    for policy in SLAPolicy.objects.filter(is_active=True).order_by("position", "id"):
        holds = {
            "kinds": not policy.kinds or complaint.kind in policy.kinds,
            "severities": not policy.severities or complaint.severity in policy.severities,
            "priorities": not policy.priorities or complaint.priority in policy.priorities,
            "department": policy.department_id is None or policy.department_id in above,
            "contact_tag": not policy.contact_tag or policy.contact_tag in tags,
        }
        yield policy, [name for name, does in holds.items() if not does]


def path(department: Department | None) -> Sequence[UUID]:
    """The ids of a department and of all above it."""
    found: list[UUID] = []
    while department is not None and department.pk not in found:
        found.append(department.pk)
        department = department.parent
    return found
