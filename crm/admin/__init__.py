from crm.admin import contacts, imports, merging, parts, staff

__all__ = ["contacts", "imports", "merging", "parts", "staff"]
