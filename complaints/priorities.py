"""How urgent a complaint is when nobody says otherwise."""

from collections.abc import Mapping

from complaints.models.complaints import Impact, Priority, Severity

#: Severity across impact, after the priority matrix of ITIL (urgency × impact). What threatens health, safety or the law is urgent even
#: when it happens to one. A test holds it whole: every severity and every impact has its priority, and more of either is never less urgent.
PRIORITIES: Mapping[tuple[str, str], Priority] = {
    (Severity.LOW, Impact.ONE): Priority.LOW,
    (Severity.LOW, Impact.SEVERAL): Priority.LOW,
    (Severity.LOW, Impact.MANY): Priority.NORMAL,
    (Severity.MEDIUM, Impact.ONE): Priority.NORMAL,
    (Severity.MEDIUM, Impact.SEVERAL): Priority.NORMAL,
    (Severity.MEDIUM, Impact.MANY): Priority.HIGH,
    (Severity.HIGH, Impact.ONE): Priority.HIGH,
    (Severity.HIGH, Impact.SEVERAL): Priority.HIGH,
    (Severity.HIGH, Impact.MANY): Priority.URGENT,
    (Severity.CRITICAL, Impact.ONE): Priority.URGENT,
    (Severity.CRITICAL, Impact.SEVERAL): Priority.URGENT,
    (Severity.CRITICAL, Impact.MANY): Priority.URGENT,
}


def usual(severity: str, impact: str) -> Priority:
    """The priority of this severity and impact by the table."""
    return PRIORITIES[severity, impact]
