from crm.models.articles import Article, ArticleTally, ArticleVersion, ArticleWord
from crm.models.calendars import BusinessCalendar, CalendarDay, CalendarDayInterval, CalendarInterval
from crm.models.calling import CallingInterval, CallingLimit, CallingWindow, RestrictedPeriod
from crm.models.catalogue import Category, Product, ProductPrice, Promotion, PromotionUse
from crm.models.consent import Channel, Consent, Purpose
from crm.models.contacts import Contact, ContactAddress, ContactEmail, NameWord, Note
from crm.models.custom_fields import CustomField
from crm.models.duty import DutyShift
from crm.models.exports import Export, ExportPart
from crm.models.follow_ups import Task
from crm.models.imports import Import, ImportMark, ImportRow
from crm.models.knowledge import Topic
from crm.models.lifecycle import LifecycleChange
from crm.models.merging import DuplicateCandidate, DuplicateWatch, MergeRecord, MovedRows
from crm.models.orders import Order, OrderAmendment, OrderLine, OrderReturn, OrderReturnLine
from crm.models.phones import ContactPhone, PhoneNumber
from crm.models.saved_filters import SavedFilter
from crm.models.scripts import Script, ScriptStep, ScriptVersion
from crm.models.staff import Department, Team
from crm.models.suppression import Source, Suppression, SuppressionUpload, SuppressionUploadRow

__all__ = [
    "Article",
    "ArticleTally",
    "ArticleVersion",
    "ArticleWord",
    "BusinessCalendar",
    "CalendarDay",
    "CalendarDayInterval",
    "CalendarInterval",
    "CallingInterval",
    "CallingLimit",
    "CallingWindow",
    "Category",
    "Channel",
    "Consent",
    "Contact",
    "ContactAddress",
    "ContactEmail",
    "ContactPhone",
    "CustomField",
    "Department",
    "DuplicateCandidate",
    "DuplicateWatch",
    "DutyShift",
    "Export",
    "ExportPart",
    "Import",
    "ImportMark",
    "ImportRow",
    "LifecycleChange",
    "MergeRecord",
    "MovedRows",
    "NameWord",
    "Note",
    "Order",
    "OrderAmendment",
    "OrderLine",
    "OrderReturn",
    "OrderReturnLine",
    "PhoneNumber",
    "Product",
    "ProductPrice",
    "Promotion",
    "PromotionUse",
    "Purpose",
    "RestrictedPeriod",
    "SavedFilter",
    "Script",
    "ScriptStep",
    "ScriptVersion",
    "Source",
    "Suppression",
    "SuppressionUpload",
    "SuppressionUploadRow",
    "Task",
    "Team",
    "Topic",
]
