from django.apps import AppConfig


class CrmConfig(AppConfig):
    """Who the people are and what the company has."""

    name = "crm"
    verbose_name = "Contacts and company"

    def ready(self) -> None:
        from config.api import metrics
        from crm import erasure, personal_data, saved_filters, timeline
        from crm.exporting import entities
        from crm.exporting import progress as export_progress
        from crm.exporting.contact_columns import CONTACTS
        from crm.importing import progress

        metrics.gauges.add("exports_owed", export_progress.owed)
        metrics.gauges.add("imports_owed", progress.owed)
        saved_filters.lists.add("contacts", saved_filters.contacts)
        entities.entities.add("contacts", CONTACTS)
        entities.entities.add(personal_data.ENTITY, personal_data.PERSONAL_DATA)
        for name, holder in personal_data.HOLDERS.items():
            erasure.holders.add(name, holder)
        timeline.sources.add("notes", timeline.notes)
        timeline.sources.add("changes", timeline.changes)
