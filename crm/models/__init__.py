from crm.models.calendars import BusinessCalendar, CalendarDay, CalendarDayInterval, CalendarInterval
from crm.models.catalogue import Category, Product, ProductPrice, Promotion, PromotionUse
from crm.models.contacts import Contact, ContactAddress, ContactEmail, NameWord, Note
from crm.models.custom_fields import CustomField
from crm.models.follow_ups import Task
from crm.models.imports import Import, ImportMark, ImportRow
from crm.models.knowledge import Topic
from crm.models.phones import ContactPhone, PhoneNumber
from crm.models.staff import Department, Team

__all__ = [
    "BusinessCalendar",
    "CalendarDay",
    "CalendarDayInterval",
    "CalendarInterval",
    "Category",
    "Contact",
    "ContactAddress",
    "ContactEmail",
    "ContactPhone",
    "CustomField",
    "Department",
    "Import",
    "ImportMark",
    "ImportRow",
    "NameWord",
    "Note",
    "PhoneNumber",
    "Product",
    "ProductPrice",
    "Promotion",
    "PromotionUse",
    "Task",
    "Team",
    "Topic",
]
