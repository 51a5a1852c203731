from crm.admin import calendars, contacts, follow_ups, imports, parts, staff

__all__ = ["calendars", "contacts", "follow_ups", "imports", "parts", "staff"]
