from crm.models.calendars import BusinessCalendar, CalendarDay, CalendarDayInterval, CalendarInterval
from crm.models.catalogue import Category, Product, ProductPrice, Promotion, PromotionUse
from crm.models.consent import Channel, Consent, Purpose
from crm.models.contacts import Contact, ContactAddress, ContactEmail, NameWord, Note
from crm.models.custom_fields import CustomField
from crm.models.follow_ups import Task
from crm.models.imports import Import, ImportRow
from crm.models.knowledge import Topic
from crm.models.lifecycle import LifecycleChange
from crm.models.phones import ContactPhone, PhoneNumber
from crm.models.staff import Department, Team
from crm.models.suppression import Source, Suppression, SuppressionUpload, SuppressionUploadRow

__all__ = [
    "BusinessCalendar",
    "CalendarDay",
    "CalendarDayInterval",
    "CalendarInterval",
    "Category",
    "Channel",
    "Consent",
    "Contact",
    "ContactAddress",
    "ContactEmail",
    "ContactPhone",
    "CustomField",
    "Department",
    "Import",
    "ImportRow",
    "LifecycleChange",
    "NameWord",
    "Note",
    "PhoneNumber",
    "Product",
    "ProductPrice",
    "Promotion",
    "PromotionUse",
    "Purpose",
    "Source",
    "Suppression",
    "SuppressionUpload",
    "SuppressionUploadRow",
    "Task",
    "Team",
    "Topic",
]
