from crm.models.catalogue import Category, Product, ProductPrice, Promotion, PromotionUse
from crm.models.contacts import Contact, ContactAddress, ContactEmail, NameWord, Note
from crm.models.custom_fields import CustomField
from crm.models.imports import Import, ImportRow
from crm.models.knowledge import Topic
from crm.models.phones import ContactPhone, PhoneNumber
from crm.models.scripts import Script, ScriptStep, ScriptVersion
from crm.models.staff import Department, Team

__all__ = [
    "Category",
    "Contact",
    "ContactAddress",
    "ContactEmail",
    "ContactPhone",
    "CustomField",
    "Department",
    "Import",
    "ImportRow",
    "NameWord",
    "Note",
    "PhoneNumber",
    "Product",
    "ProductPrice",
    "Promotion",
    "PromotionUse",
    "Script",
    "ScriptStep",
    "ScriptVersion",
    "Team",
    "Topic",
]
