from django.apps import AppConfig

ID = "0199a1b2-c3d4-75f6-8718-293a4b5c6d7e"


class CallsConfig(AppConfig):
    """What happened on the line."""

    name = "calls"
    verbose_name = "Calls"

    def ready(self) -> None:
        from calls import (
            agent_feed,
            alarms,
            announcements,
            article_timeline,
            call_filters,
            call_request_facts,
            call_requests,
            callback_facts,
            callback_feed,
            calling_rules,
            commands,
            consequences,
            effects,
            effects_on_callback,
            effects_on_consent,
            effects_on_numbers,
            effects_on_suppression,
            erasure,
            first_screen,
            hard_calls,
            identifying,
            live_calls,
            news,
            observing,
            open_calls,
            recording_upkeep,
            recordings,
            requests_told,
            return_call_facts,
            return_call_gate,
            return_call_notices,
            return_call_report,
            return_call_settling,
            return_calls,
            review_traces,
            script_facts,
            transfer_commands,
            transfer_facts,
            transfer_matching,
            transfer_notices,
            transfers,
            unanswered,
            wallboard,
        )
        from calls.call_columns import CALLS
        from config.api import metrics
        from config.platform import feed, origins
        from crm import (
            calling,
            contact_filters,
            contacts,
            knowledge_search,
            lookup,
            merging,
            retention,
            saved_filters,
            script_placeholders,
            suppression,
            timeline,
        )
        from crm import erasure as crm_erasure
        from crm.exporting.entities import entities

        feed.declare(
            "review.submitted", "One of your calls was reviewed.", {"review": ID, "call": ID, "percent": "90.00", "is_passed": True}
        )
        feed.declare("review.disputed", "An operator disputes a review; for those who lead.", {"review": ID, "agent": ID})
        feed.declare("review.settled", "A disputed review was settled.", {"review": ID, "settlement": "changed", "percent": "95.00"})
        callback_feed.declare()
        news.declare()
        consequences.consequences.add("news", news.follow)
        consequences.consequences.add("callbacks", callback_facts.settle)
        crm_erasure.holders.add("callbacks", crm_erasure.Holder(callback_facts.personal_data, callback_facts.pseudonymise))
        lookup.open_matters.add("callbacks", callback_facts.open_matters)
        merging.joined.add("callbacks", callback_facts.joined)
        merging.parted.add("callbacks", callback_facts.parted)
        suppression.told.add("callbacks", callback_facts.let_go)
        timeline.sources.add("callbacks", callback_facts.of_contact)
        calling.rules.add("limits", calling_rules.within_limits)
        calling.rules.add("open_call", calling_rules.nobody_talks)
        consequences.consequences.add("recordings", recordings.keep_told)
        calling.rules.add("open_request", calling_rules.nobody_is_about_to)
        metrics.gauges.add("events", open_calls.events_by_state)
        metrics.gauges.add("recordings", recording_upkeep.owed)
        live_calls.declare()
        announcements.declare()
        feed.at_first.add("calls", live_calls.at_first)
        feed.at_first.add("agent", first_screen.agent)
        feed.at_first.add("return_calls", first_screen.return_calls)
        feed.at_first.add("callbacks", first_screen.callbacks)
        feed.at_first.add("call_requests", first_screen.call_requests)
        feed.at_first.add("announcements", announcements.at_first)
        consequences.consequences.add("live_calls", live_calls.tell)
        contact_filters.more.add("called", open_calls.CALLED)
        contact_filters.more.add("called_within_days", open_calls.CALLED_WITHIN)
        entities.add("calls", CALLS)
        saved_filters.lists.add("calls", call_filters.select)
        contacts.numbers_gained.add("callbacks", callback_facts.relink)
        contacts.numbers_gained.add("calls", identifying.relink)
        merging.joined.add("calls", identifying.joined)
        merging.parted.add("calls", identifying.parted)
        merging.joined.add("suppressions_of_calls", effects_on_suppression.joined)
        merging.parted.add("suppressions_of_calls", effects_on_suppression.parted)
        effects.kinds.add(effects_on_callback.KIND, effects_on_callback.CALLBACK)
        effects.kinds.add(effects_on_consent.KIND, effects_on_consent.CONSENT)
        effects.kinds.add(effects_on_numbers.KIND, effects_on_numbers.NUMBER_INVALID)
        effects.kinds.add(effects_on_suppression.KIND, effects_on_suppression.SUPPRESS)
        origins.kinds.add("call", open_calls.exists)
        crm_erasure.holders.add("calls", erasure.CALLS)
        crm_erasure.holders.add("feed", crm_erasure.Holder(live_calls.personal_data, live_calls.pseudonymise))
        crm_erasure.holders.add("script_runs", crm_erasure.Holder(script_facts.personal_data, script_facts.pseudonymise))
        crm_erasure.holders.add("call_reviews", review_traces.REVIEWS)
        crm_erasure.vetoes.add("calls", erasure.reasons_against)
        crm_erasure.vetoes.add("recordings", recording_upkeep.reasons_against)
        retention.reached.add("calls", open_calls.reached)
        lookup.own_lines.add("calls", identifying.is_our_line)
        lookup.open_matters.add("calls", open_calls.open_matters)
        timeline.sources.add("calls", open_calls.of_contact)
        timeline.sources.add("answers", article_timeline.of_contact)
        knowledge_search.nothing_found.add("calls", unanswered.search_found_nothing)
        timeline.sources.add("script_runs", script_facts.of_contact)
        script_placeholders.namespaces.add("call", script_facts.of_call())
        agent_feed.declare()
        consequences.consequences.add("agents", observing.follow)
        consequences.consequences.add("hard_calls", hard_calls.follow)

        return_call_notices.declare()
        transfer_notices.declare()
        return_calls.gates.add("may_call", return_call_gate.may_be_made)
        consequences.consequences.add("return_calls", return_call_settling.follow)
        consequences.consequences.add("transfers", transfer_matching.follow)
        contacts.numbers_gained.add("return_calls", return_call_facts.gained)
        merging.joined.add("return_calls", return_call_facts.joined)
        merging.parted.add("return_calls", return_call_facts.parted)
        suppression.told.add("return_calls", return_call_facts.stop)
        crm_erasure.holders.add("return_calls", return_call_facts.HOLDER)
        crm_erasure.holders.add("call_transfers", transfer_facts.HOLDER)
        lookup.open_matters.add("return_calls", return_call_facts.open_matters)
        timeline.sources.add("return_calls", return_call_facts.of_contact)
        crm_erasure.holders.add("call_requests", call_request_facts.HOLDER)
        timeline.sources.add("call_requests", call_request_facts.of_contact)
        commands.kinds.add("dial", call_requests.DIAL)
        commands.kinds.add("transfer", transfer_commands.TRANSFER)
        transfers.asked.add("commands", transfer_commands.ask)
        requests_told.declare()
        for name, tile in (
            ("now", wallboard.now_tile),
            ("today", wallboard.today_tile),
            ("half_hour", wallboard.half_hour_tile),
            ("agents", wallboard.agents_tile),
            ("write_ups", wallboard.write_ups_tile),
            ("alarms", wallboard.alarms_tile),
            ("return_calls", return_call_report.tile),
        ):
            wallboard.tiles.add(name, tile)
        feed.declare("alarm.raised", "A queue is worse than its limits allow.", alarms.EXAMPLE)
        feed.declare("alarm.cleared", "The queue has been well again for a while.", alarms.EXAMPLE | {"cleared_at": "2026-11-23T10:21:30Z"})
