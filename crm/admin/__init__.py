from crm.admin import calendars, contacts, imports, parts, staff

__all__ = ["calendars", "contacts", "imports", "parts", "staff"]
