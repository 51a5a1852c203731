from crm.admin import contacts, imports, parts, scripts, staff

__all__ = ["contacts", "imports", "parts", "scripts", "staff"]
