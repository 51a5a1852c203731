from crm.models.catalogue import Category, Product, ProductPrice, Promotion, PromotionUse
from crm.models.contacts import Contact, ContactAddress, ContactEmail, NameWord, Note
from crm.models.custom_fields import CustomField
from crm.models.exports import Export, ExportPart
from crm.models.imports import Import, ImportRow
from crm.models.knowledge import Topic
from crm.models.phones import ContactPhone, PhoneNumber
from crm.models.saved_filters import SavedFilter
from crm.models.staff import Department, Team

__all__ = [
    "Category",
    "Contact",
    "ContactAddress",
    "ContactEmail",
    "ContactPhone",
    "CustomField",
    "Department",
    "Export",
    "ExportPart",
    "Import",
    "ImportRow",
    "NameWord",
    "Note",
    "PhoneNumber",
    "Product",
    "ProductPrice",
    "Promotion",
    "PromotionUse",
    "SavedFilter",
    "Team",
    "Topic",
]
