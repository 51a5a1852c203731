from crm.admin import contacts, exports, imports, parts, staff

__all__ = ["contacts", "exports", "imports", "parts", "staff"]
