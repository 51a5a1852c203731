from django.apps import AppConfig


class CrmConfig(AppConfig):
    """Who the people are and what the company has."""

    name = "crm"
    verbose_name = "Contacts and company"

    def ready(self) -> None:
        from config.api import metrics
        from crm import script_placeholders, script_subjects, timeline
        from crm.importing import progress

        metrics.gauges.add("imports_owed", progress.owed)
        script_placeholders.namespaces.add("agent", script_subjects.of_agent())
        script_placeholders.namespaces.add("contact", script_subjects.of_contact())
        script_placeholders.namespaces.add("now", script_subjects.of_now())
        timeline.sources.add("notes", timeline.notes)
        timeline.sources.add("changes", timeline.changes)
