from crm.admin import (
    articles,
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
    "articles",
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
