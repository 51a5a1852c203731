from django.apps import AppConfig


class CallsConfig(AppConfig):
    """What happened on the line."""

    name = "calls"
    verbose_name = "Calls"

    def ready(self) -> None:
        from calls import identifying, open_calls, script_facts
        from config.api import metrics
        from config.platform import origins
        from crm import contacts, lookup, script_placeholders, timeline

        metrics.gauges.add("events", open_calls.events_by_state)
        contacts.numbers_gained.add("calls", identifying.relink)
        origins.kinds.add("call", open_calls.exists)
        lookup.own_lines.add("calls", identifying.is_our_line)
        lookup.open_matters.add("calls", open_calls.open_for)
        timeline.sources.add("calls", open_calls.of_contact)
        timeline.sources.add("script_runs", script_facts.of_contact)
        script_placeholders.namespaces.add("call", script_facts.of_call())
