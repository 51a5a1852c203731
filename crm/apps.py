from django.apps import AppConfig


class CrmConfig(AppConfig):
    """Who the people are and what the company has."""

    name = "crm"
    verbose_name = "Contacts and company"

    def ready(self) -> None:
        from config.api import metrics
        from crm import consent, follow_ups, lifecycle, lookup, suppression_lists, suppressions_of_contacts, timeline
        from crm.importing import progress

        metrics.gauges.add("imports_owed", progress.owed)
        metrics.gauges.add("suppression_uploads_owed", suppression_lists.owed)
        lookup.open_matters.add("tasks", follow_ups.open_matters)
        timeline.sources.add("tasks", follow_ups.of_contact)
        timeline.sources.add("notes", timeline.notes)
        timeline.sources.add("changes", timeline.changes)
        timeline.sources.add("consents", consent.happenings)
        timeline.sources.add("suppressions", suppressions_of_contacts.happenings)
        timeline.sources.add("lifecycle", lifecycle.happenings)
