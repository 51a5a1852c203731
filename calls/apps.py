from django.apps import AppConfig


class CallsConfig(AppConfig):
    """What happened on the line."""

    name = "calls"
    verbose_name = "Calls"

    def ready(self) -> None:
        from calls import (
            announcements,
            article_timeline,
            call_filters,
            consequences,
            erasure,
            identifying,
            live_calls,
            open_calls,
            script_facts,
            unanswered,
        )
        from calls.call_columns import CALLS
        from config.api import metrics
        from config.platform import feed, origins
        from crm import (
            contact_filters,
            contacts,
            knowledge_search,
            lookup,
            merging,
            retention,
            saved_filters,
            script_placeholders,
            timeline,
        )
        from crm import erasure as crm_erasure
        from crm.exporting.entities import entities

        metrics.gauges.add("events", open_calls.events_by_state)
        live_calls.declare()
        announcements.declare()
        feed.at_first.add("calls", live_calls.at_first)
        feed.at_first.add("announcements", announcements.at_first)
        consequences.consequences.add("live_calls", live_calls.tell)
        contact_filters.more.add("called", open_calls.CALLED)
        contact_filters.more.add("called_within_days", open_calls.CALLED_WITHIN)
        entities.add("calls", CALLS)
        saved_filters.lists.add("calls", call_filters.select)
        contacts.numbers_gained.add("calls", identifying.relink)
        merging.joined.add("calls", identifying.joined)
        merging.parted.add("calls", identifying.parted)
        origins.kinds.add("call", open_calls.exists)
        crm_erasure.holders.add("calls", erasure.CALLS)
        crm_erasure.holders.add("feed", crm_erasure.Holder(live_calls.personal_data, live_calls.pseudonymise))
        crm_erasure.holders.add("script_runs", crm_erasure.Holder(script_facts.personal_data, script_facts.pseudonymise))
        crm_erasure.vetoes.add("calls", erasure.reasons_against)
        retention.reached.add("calls", open_calls.reached)
        lookup.own_lines.add("calls", identifying.is_our_line)
        lookup.open_matters.add("calls", open_calls.open_matters)
        timeline.sources.add("calls", open_calls.of_contact)
        timeline.sources.add("answers", article_timeline.of_contact)
        knowledge_search.nothing_found.add("calls", unanswered.search_found_nothing)
        timeline.sources.add("script_runs", script_facts.of_contact)
        script_placeholders.namespaces.add("call", script_facts.of_call())
