"""What would become of a complaint: where it would go, and what would be promised. Nothing is written, nobody's turn passes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from complaints import clocks, policies, routing
from complaints.models import Clock, Complaint, SLAPolicy
from complaints.routing import COMES_LATER, DECIDES, DOES_NOT_HOLD, Explanation
from crm.models import BusinessCalendar


@dataclass(frozen=True)
class PolicyVerdict:
    """What became of a policy; ``because`` names the conditions that do not hold."""

    policy: SLAPolicy
    verdict: str
    because: Sequence[str] = ()


@dataclass(frozen=True)
class Trial:
    """The answer: where it goes and why, by which policy, and the clocks that would start."""

    at: datetime
    routing: Explanation
    policy: SLAPolicy | None
    policies: Sequence[PolicyVerdict]
    clocks: Sequence[Clock]

    @property
    def calendar(self) -> BusinessCalendar | None:
        """By which the promises count; None: every hour, or there are none."""
        return next((clock.calendar for clock in self.clocks), None)


def is_in_reach(at: datetime) -> bool:
    """Whether promises can be reckoned from ``at``: calendars know neither long ago nor the end of days."""
    return 1990 < at.year < 2100


def try_out(complaint: Complaint, *, at: datetime) -> Trial:
    """Route a complaint that is not there, received at ``at``, and reckon its promises, by the code that does it in earnest."""
    found = routing.explain(complaint, now=at)
    complaint.department, complaint.received_at = found.department, at
    verdicts: list[PolicyVerdict] = []
    for policy, against in policies.judged(complaint):
        if against:
            verdicts.append(PolicyVerdict(policy, DOES_NOT_HOLD, against))
        else:
            verdicts.append(PolicyVerdict(policy, DECIDES if complaint.policy is None else COMES_LATER))
            complaint.policy = complaint.policy or policy
    return Trial(at, found, complaint.policy, verdicts, clocks.promised(complaint, now=at))
