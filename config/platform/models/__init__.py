from config.platform.models.feed import FeedMessage
from config.platform.models.heartbeats import Heartbeat
from config.platform.models.history import AuditEvent
from config.platform.models.idempotency import IdempotencyRecord
from config.platform.models.letters import Letter
from config.platform.models.origins import Originated
from config.platform.models.outbox import OutboxEvent
from config.platform.models.rows import Row
from config.platform.models.tokens import ApiToken, Scope
from config.platform.models.users import LEADERS, PEOPLE, Role, User
from config.platform.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "LEADERS",
    "PEOPLE",
    "ApiToken",
    "AuditEvent",
    "FeedMessage",
    "Heartbeat",
    "IdempotencyRecord",
    "Letter",
    "Originated",
    "OutboxEvent",
    "Role",
    "Row",
    "Scope",
    "User",
    "WebhookDelivery",
    "WebhookEndpoint",
]
