from django.apps import AppConfig


class CallsConfig(AppConfig):
    """What happened on the line."""

    name = "calls"
    verbose_name = "Calls"

    def ready(self) -> None:
        from calls import article_timeline, identifying, open_calls, unanswered
        from config.api import metrics
        from config.platform import origins
        from crm import contact_filters, contacts, knowledge_search, lookup, merging, timeline

        metrics.gauges.add("events", open_calls.events_by_state)
        contact_filters.more.add("called", open_calls.CALLED)
        contact_filters.more.add("called_within_days", open_calls.CALLED_WITHIN)
        contacts.numbers_gained.add("calls", identifying.relink)
        merging.joined.add("calls", identifying.joined)
        merging.parted.add("calls", identifying.parted)
        origins.kinds.add("call", open_calls.exists)
        lookup.own_lines.add("calls", identifying.is_our_line)
        lookup.open_matters.add("calls", open_calls.open_matters)
        timeline.sources.add("calls", open_calls.of_contact)
        timeline.sources.add("answers", article_timeline.of_contact)
        knowledge_search.nothing_found.add("calls", unanswered.search_found_nothing)
