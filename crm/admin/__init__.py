from crm.admin import (
    articles,
    calendars,
    catalogue,
    contacts,
    exports,
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
    "exports",
    "follow_ups",
    "imports",
    "merging",
    "orders",
    "parts",
    "staff",
]
