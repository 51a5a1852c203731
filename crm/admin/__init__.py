from crm.admin import contacts, imports, parts, staff

__all__ = ["contacts", "imports", "parts", "staff"]
