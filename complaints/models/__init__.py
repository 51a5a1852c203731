from complaints.models.clocks import Clock
from complaints.models.complaints import Complaint, ComplaintLink, RootCause, Watcher
from complaints.models.escalation import EscalationLevel, EscalationPolicy, EscalationStep
from complaints.models.messages import Attachment, ComplaintMessage
from complaints.models.policies import SLAPolicy
from complaints.models.routing import RoutingRule
from complaints.models.satisfaction import Satisfaction
from complaints.models.transfers import ComplaintTransfer

__all__ = [
    "Attachment",
    "Clock",
    "Complaint",
    "ComplaintLink",
    "ComplaintMessage",
    "ComplaintTransfer",
    "EscalationLevel",
    "EscalationPolicy",
    "EscalationStep",
    "RootCause",
    "RoutingRule",
    "SLAPolicy",
    "Satisfaction",
    "Watcher",
]
