from crm.admin import articles, contacts, imports, parts, staff

__all__ = ["articles", "contacts", "imports", "parts", "staff"]
