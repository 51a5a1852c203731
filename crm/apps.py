from django.apps import AppConfig


class CrmConfig(AppConfig):
    """Who the people are and what the company has."""

    name = "crm"
    verbose_name = "Contacts and company"

    def ready(self) -> None:
        from config.api import metrics
        from config.platform import origins
        from crm import follow_ups, lookup, orders_told, timeline
        from crm.importing import progress

        metrics.gauges.add("imports_owed", progress.owed)
        origins.kinds.add("order", orders_told.exists)
        lookup.open_matters.add("tasks", follow_ups.open_matters)
        lookup.open_matters.add("orders", orders_told.open_matters)
        timeline.sources.add("tasks", follow_ups.of_contact)
        timeline.sources.add("orders", orders_told.of_contact)
        timeline.sources.add("notes", timeline.notes)
        timeline.sources.add("changes", timeline.changes)
