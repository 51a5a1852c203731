from crm.models.articles import Article, ArticleTally, ArticleVersion, ArticleWord
from crm.models.catalogue import Category, Product, ProductPrice, Promotion, PromotionUse
from crm.models.contacts import Contact, ContactAddress, ContactEmail, NameWord, Note
from crm.models.custom_fields import CustomField
from crm.models.imports import Import, ImportRow
from crm.models.knowledge import Topic
from crm.models.phones import ContactPhone, PhoneNumber
from crm.models.staff import Department, Team

__all__ = [
    "Article",
    "ArticleTally",
    "ArticleVersion",
    "ArticleWord",
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
    "Team",
    "Topic",
]
