from crm.admin import (
    calendars,
    catalogue,
    contacts,
    follow_ups,
    imports,
    merging,
    orders,
    parts,
    staff,
)

__all__ = [
    "calendars",
    "catalogue",
    "contacts",
    "follow_ups",
    "imports",
    "merging",
    "orders",
    "parts",
    "staff",
]
