from django.apps import AppConfig


class CrmConfig(AppConfig):
    """Who the people are and what the company has."""

    name = "crm"
    verbose_name = "Contacts and company"

    def ready(self) -> None:
        from config.api import metrics
        from config.platform import origins
        from crm import erasure, follow_ups, lookup, orders_told, personal_data, saved_filters, timeline
        from crm.exporting import entities
        from crm.exporting import progress as export_progress
        from crm.exporting.contact_columns import CONTACTS
        from crm.importing import progress
        from crm.merging import forgetting

        metrics.gauges.add("exports_owed", export_progress.owed)
        metrics.gauges.add("imports_owed", progress.owed)
        origins.kinds.add("order", orders_told.exists)
        lookup.open_matters.add("orders", orders_told.open_matters)
        lookup.open_matters.add("tasks", follow_ups.open_matters)
        saved_filters.lists.add("contacts", saved_filters.contacts)
        entities.entities.add("contacts", CONTACTS)
        entities.entities.add(personal_data.ENTITY, personal_data.PERSONAL_DATA)
        for name, holder in personal_data.HOLDERS.items():
            erasure.holders.add(name, holder)
        erasure.holders.add("merges", erasure.Holder(forgetting.personal_data, forgetting.pseudonymise))
        erasure.holders.add("orders", erasure.Holder(orders_told.personal_data, orders_told.pseudonymise))
        erasure.holders.add("tasks", erasure.Holder(follow_ups.personal_data, follow_ups.pseudonymise))
        erasure.vetoes.add("orders", orders_told.reasons_against)
        timeline.sources.add("changes", timeline.changes)
        timeline.sources.add("notes", timeline.notes)
        timeline.sources.add("orders", orders_told.of_contact)
        timeline.sources.add("tasks", follow_ups.of_contact)
