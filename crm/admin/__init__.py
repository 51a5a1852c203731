from crm.admin import calendars, consent, contacts, follow_ups, imports, lifecycle, parts, staff, suppression

__all__ = ["calendars", "consent", "contacts", "follow_ups", "imports", "lifecycle", "parts", "staff", "suppression"]
