from crm.admin import contacts, imports, orders, parts, staff

__all__ = ["contacts", "imports", "orders", "parts", "staff"]
