"""What every page of the admin stands on: who may, bounded pages, what was done is remembered."""

from config.platform.admin_base.columns import badge, percent, span
from config.platform.admin_base.confirming import confirmed
from config.platform.admin_base.json_fields import StorableJSONField
from config.platform.admin_base.pages import AuditedAdmin, ReadOnlyAdmin, RoleAdmin, who
from config.platform.admin_base.paging import BoundedPaginator

__all__ = [
    "AuditedAdmin",
    "BoundedPaginator",
    "ReadOnlyAdmin",
    "RoleAdmin",
    "StorableJSONField",
    "badge",
    "confirmed",
    "percent",
    "span",
    "who",
]
