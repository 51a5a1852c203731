from django.apps import AppConfig


class CrmConfig(AppConfig):
    """Who the people are and what the company has."""

    name = "crm"
    verbose_name = "Contacts and company"
