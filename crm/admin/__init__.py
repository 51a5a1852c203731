from crm.admin import calendars, contacts, follow_ups, imports, parts, staff

__all__ = ["calendars", "contacts", "follow_ups", "imports", "parts", "staff"]
from crm.admin import contacts, imports, orders, parts, staff

__all__ = ["contacts", "imports", "orders", "parts", "staff"]
