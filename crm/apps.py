from django.apps import AppConfig


class CrmConfig(AppConfig):
    """Who the people are and what the company has."""

    name = "crm"
    verbose_name = "Contacts and company"

    def ready(self) -> None:
        from config.api import metrics
        from config.platform import origins
        from crm import (
            calling,
            calling_rules,
            consent,
            erasure,
            follow_ups,
            lifecycle,
            lookup,
            merging,
            news,
            ordering,
            orders_told,
            personal_data,
            saved_filters,
            script_orders,
            script_placeholders,
            script_subjects,
            suppression,
            suppression_lists,
            suppressions_of_contacts,
            timeline,
            told_elsewhere,
        )
        from crm.exporting import entities
        from crm.exporting import progress as export_progress
        from crm.exporting.contact_columns import CONTACTS
        from crm.importing import progress
        from crm.merging import forgetting

        news.declare()
        metrics.gauges.add("exports_owed", export_progress.owed)
        metrics.gauges.add("imports_owed", progress.owed)
        metrics.gauges.add("suppression_uploads_owed", suppression_lists.owed)
        origins.kinds.add("order", orders_told.exists)
        lookup.open_matters.add("orders", orders_told.open_matters)
        lookup.open_matters.add("tasks", follow_ups.open_matters)
        merging.joined.add("consents", consent.join)
        merging.joined.add("suppressions", suppression.join)
        merging.parted.add("consents", consent.part)
        merging.parted.add("suppressions", suppression.part)
        calling.rules.add("consent", calling_rules.consented)
        calling.rules.add("number", calling_rules.number)
        calling.rules.add("suppression", calling_rules.not_suppressed)
        calling.rules.add("window", calling_rules.within_window)
        ordering.placed.add("lifecycle", orders_told.makes_a_client)
        saved_filters.lists.add("contacts", saved_filters.contacts)
        entities.entities.add("contacts", CONTACTS)
        entities.entities.add(personal_data.ENTITY, personal_data.PERSONAL_DATA)
        for name, holder in personal_data.HOLDERS.items():
            erasure.holders.add(name, holder)
        keepers = {"consents": consent, "lifecycle": lifecycle, "merges": forgetting, "orders": orders_told, "suppressions": suppression}
        for name, keeper in {**keepers, "tasks": follow_ups}.items():
            erasure.holders.add(name, erasure.Holder(keeper.personal_data, keeper.pseudonymise))
        erasure.holders.add("letters", told_elsewhere.LETTERS)
        erasure.holders.add("news", told_elsewhere.NEWS)
        erasure.vetoes.add("orders", orders_told.reasons_against)
        script_placeholders.namespaces.add("agent", script_subjects.of_agent())
        script_placeholders.namespaces.add("contact", script_subjects.of_contact())
        script_placeholders.namespaces.add("now", script_subjects.of_now())
        script_placeholders.namespaces.add("order", script_orders.of_order())
        timeline.sources.add("changes", timeline.changes)
        timeline.sources.add("consents", consent.happenings)
        timeline.sources.add("lifecycle", lifecycle.happenings)
        timeline.sources.add("notes", timeline.notes)
        timeline.sources.add("orders", orders_told.of_contact)
        timeline.sources.add("suppressions", suppressions_of_contacts.happenings)
        timeline.sources.add("tasks", follow_ups.of_contact)
